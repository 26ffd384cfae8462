"""Few labels: more labels help, the spread is reported, and only labelled examples are used."""

import pytest
import torch

from selfsup.errors import NotApplicable
from selfsup.evaluations import few_labels_frozen
from selfsup.evaluations.solvers import probes

KEYS = {
    "label_fractions": [0.02, 0.5],
    "draws": 3,
    "fold_count": 4,
    "penalties": [1.0, 0.1, 0.01],
    "pooling": "mean",
    "tolerance": 1e-5,
}


def top1(measures):
    return [measure for measure in measures if measure.metric == "top1"]


@pytest.fixture
def layers(mixture):
    """A layer that knows little, a last one that knows more, and the labels."""
    (train, labels), (test, test_labels) = mixture(400, gap=0.6), mixture(400, gap=0.6, seed=1)
    return {"early": (train[:, :2], test[:, :2]), "last": (train, test)}, (labels, test_labels)


def test_more_labels_are_better_and_the_spread_smaller(write_features, layers):
    few, many = top1(few_labels_frozen.evaluate(write_features(*layers), **KEYS))
    assert (few.label_fraction, many.label_fraction, few.shots) == (0.02, 0.5, None)
    assert 25 < few.value < many.value - 5
    assert few.probe_sd > many.probe_sd > 0
    assert many.boot_low < many.value < many.boot_high
    assert many.n == 400


def test_labels_outside_the_subset_are_not_used(write_features, layers, monkeypatch):
    features, (labels, test_labels) = layers
    subset = torch.arange(0, 400, 7)
    monkeypatch.setattr(few_labels_frozen, "balanced_subset", lambda *_: subset)
    wrong = (labels + 1) % 4
    wrong[subset] = labels[subset]
    keys = KEYS | {"label_fractions": [0.1], "draws": 1}
    right = few_labels_frozen.evaluate(write_features(features, (labels, test_labels)), **keys)
    assert few_labels_frozen.evaluate(write_features(features, (wrong, test_labels)), **keys) == right
    wrong[subset] = (labels[subset] + 1) % 4
    assert few_labels_frozen.evaluate(write_features(features, (wrong, test_labels)), **keys)[0].value < 15


def test_one_label_per_class_takes_the_strongest_penalty(write_features, layers, monkeypatch):
    penalties = []
    kept = probes.fit
    monkeypatch.setattr(probes, "fit", lambda x, y, **keys: penalties.append(keys["penalty"]) or kept(x, y, **keys))
    [one] = top1(few_labels_frozen.evaluate(write_features(*layers), **KEYS | {"label_fractions": [0.01]}))
    assert penalties == [1.0, 1.0, 1.0]
    assert one.value > 30


def test_a_fraction_without_a_label_per_class_is_left_out(write_features, layers):
    inputs = write_features(*layers)
    [many] = top1(few_labels_frozen.evaluate(inputs, **KEYS | {"label_fractions": [0.001, 0.5]}))
    assert many.label_fraction == 0.5
    with pytest.raises(NotApplicable, match=r"0.001 of 400 labels"):
        few_labels_frozen.evaluate(inputs, **KEYS | {"label_fractions": [0.001]})


def test_the_layer_is_cross_validated_and_its_draws_counted(write_features, layers, values):
    (features, labels), keys = layers, KEYS | {"label_fractions": [0.5]}
    noise = torch.randn(800, 12, generator=torch.Generator().manual_seed(0))
    inputs = write_features({**features, "noise": (noise[:400], noise[400:])}, labels)
    best = few_labels_frozen.evaluate(inputs, **keys)
    assert values(best, "draws") == {("last", 0.5): 3}
    [named] = top1(few_labels_frozen.evaluate(inputs, layer="last", **keys))
    assert named.value < top1(best)[0].value - 20  # the last layer of this encoder is noise
    assert values(few_labels_frozen.evaluate(inputs, layer="early", **keys), "draws") == {("early", 0.5): 3}


def test_test_labels_select_no_layer(write_features, layers, values):
    (features, (labels, test_labels)), keys = layers, KEYS | {"label_fractions": [0.1]}
    right, wrong = (
        few_labels_frozen.evaluate(write_features(features, (labels, of)), **keys)
        for of in (test_labels, (test_labels + 1) % 4)
    )
    assert values(right, "draws") == values(wrong, "draws")
