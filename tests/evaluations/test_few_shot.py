"""Few-shot probes: balanced and nested shots, more shots are better, and chance for shuffled labels."""

import pytest
import torch

from selfsup.errors import NotApplicable
from selfsup.evaluations import few_shot
from selfsup.evaluations.solvers import probes

KEYS = {
    "shots": [1, 4, 16],
    "draws": 4,
    "fold_count": 4,
    "penalties": [1.0, 0.1],
    "layer": "last",
    "pooling": "mean",
    "tolerance": 1e-4,
}


@pytest.fixture
def clouds(mixture):
    (train, labels), (test, test_labels) = mixture(400), mixture(200, seed=1)
    return {"early": (train * 0, test * 0), "late": (train, test)}, (labels, test_labels)


def evaluated(inputs, **keys):
    return {m.shots: m for m in few_shot.evaluate(inputs, **{**KEYS, **keys})}


def test_more_shots_are_better_and_the_last_layer_is_probed(write_features, clouds):
    found = evaluated(write_features(*clouds))
    assert list(found) == [1, 4, 16]
    assert 25 < found[1].value < found[4].value < found[16].value
    assert {m.metric for m in found.values()} == {"top1"}
    assert all(m.probe_sd > 0 and m.n == 200 for m in found.values())


def test_shots_are_balanced_and_nested(write_features, clouds, monkeypatch):
    kept, subsets = probes.fit, []
    monkeypatch.setattr(probes, "fit", lambda x, y, **keys: subsets.append((x, y)) or kept(x, y, **keys))
    evaluated(write_features(*clouds), draws=1)
    assert [labels.bincount().tolist() for _, labels in subsets] == [[1] * 4, [4] * 4, [16] * 4]
    sets = [{tuple(row.tolist()) for row in features} for features, _ in subsets]
    assert sets[0] < sets[1] < sets[2]


def test_test_labels_select_nothing(write_features, clouds):
    layers, (labels, test_labels) = clouds
    plain = evaluated(write_features(layers, (labels, test_labels)))
    other = evaluated(write_features(layers, (labels, (test_labels + 1) % 4)))
    assert other[16].value < 25 < plain[16].value


def test_shuffled_labels_end_at_chance(write_features, clouds):
    layers, (labels, test_labels) = clouds
    shuffled = labels[torch.randperm(400, generator=torch.Generator().manual_seed(0))]
    found = evaluated(write_features(layers, (shuffled, test_labels)))
    assert all(m.value == pytest.approx(25, abs=12) for m in found.values())


def test_more_shots_than_examples_are_left_out(write_features, mixture):
    (train, labels), (test, test_labels) = mixture(24), mixture(40, seed=1)
    inputs = write_features({"late": (train, test)}, (labels, test_labels))
    assert list(evaluated(inputs)) == [1, 4]
    with pytest.raises(NotApplicable, match="fewer than 16 training images"):
        evaluated(inputs, shots=[16])


def test_unlabelled_data_does_not_apply(write_features, clouds):
    with pytest.raises(NotApplicable, match="no labels"):
        evaluated(write_features(clouds[0]))
