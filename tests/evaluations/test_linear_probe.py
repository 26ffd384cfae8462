"""The linear probe: informative layers, chance, and no use of test labels."""

import json

import h5py
import numpy as np
import pytest
import torch

from selfsup.errors import InputError, NotApplicable
from selfsup.evaluations import linear_probe
from selfsup.evaluations.solvers import probes

KEYS = {
    "penalties": [0.001, 0.1, 0.01],
    "held_out_fraction": 0.2,
    "pooling": "mean",
    "tolerance": 1e-6,
}


@pytest.fixture
def two_layers(mixture):
    """A layer of noise and one that tells the classes apart, and the labels."""
    (train, labels), (test, test_labels) = mixture(400), mixture(200, seed=1)
    noise = np.random.default_rng(5)
    layers = {"noise": (noise.standard_normal((400, 6)), noise.standard_normal((200, 6))), "good": (train, test)}
    return layers, (labels, test_labels)


def test_the_informative_layer_is_selected_and_every_layer_reported(write_features, two_layers, values):
    measures = linear_probe.evaluate(write_features(*two_layers), **KEYS)
    by_layer = values(measures)
    assert by_layer["", None] == by_layer["good", None] > 80
    assert by_layer["noise", None] == pytest.approx(25, abs=12)
    assert max(values(measures, "gradient_norm").values()) <= 1e-6
    assert values(measures, "penalty")["good", None] in KEYS["penalties"]


def test_test_labels_select_nothing(write_features, two_layers, values):
    layers, (labels, test_labels) = two_layers
    plain = linear_probe.evaluate(write_features(layers, (labels, test_labels)), **KEYS)
    other = linear_probe.evaluate(write_features(layers, (labels, (test_labels + 1) % 4)), **KEYS)
    assert values(plain, "penalty") == values(other, "penalty")
    assert values(plain, "gradient_norm") == values(other, "gradient_norm")
    assert values(plain).keys() == values(other).keys()
    assert values(other)["good", None] < 20


def test_the_final_fit_is_on_the_whole_training_set(write_features, two_layers, monkeypatch):
    kept, examples = probes.fit, []
    monkeypatch.setattr(probes, "fit", lambda x, y, **keys: examples.append(len(x)) or kept(x, y, **keys))
    linear_probe.evaluate(write_features(*two_layers), **KEYS)
    assert examples == [400, 400]


def test_shuffled_training_labels_end_at_chance(write_features, two_layers, values):
    layers, (labels, test_labels) = two_layers
    shuffled = labels[torch.randperm(400, generator=torch.Generator().manual_seed(0))]
    measures = linear_probe.evaluate(write_features(layers, (shuffled, test_labels)), **KEYS)
    assert max(values(measures).values()) == pytest.approx(25, abs=12)


def test_units_of_features_do_not_matter(write_features, two_layers, values):
    layers, labels = two_layers
    units = np.logspace(-3, 3, 12)
    changed = {**layers, "good": tuple(np.asarray(x) * units + 5 for x in layers["good"])}
    plain, other = (linear_probe.evaluate(write_features(x, labels), **KEYS) for x in (layers, changed))
    assert values(plain)["good", None] == pytest.approx(values(other)["good", None], abs=0.5)
    assert values(plain, "penalty") == values(other, "penalty")


def test_constant_features_change_nothing(write_features, two_layers, values):
    layers, labels = two_layers
    dead = {"good": tuple(np.hstack([x, np.full((len(x), 3), 0.3), np.zeros((len(x), 2))]) for x in layers["good"])}
    plain = linear_probe.evaluate(write_features({"good": layers["good"]}, labels), **KEYS)
    assert values(linear_probe.evaluate(write_features(dead, labels), **KEYS)) == values(plain)


def test_ties_go_to_the_deeper_layer(write_features, two_layers, values):
    layers, labels = two_layers
    measures = linear_probe.evaluate(write_features({"a": layers["good"], "b": layers["good"]}, labels), **KEYS)
    assert list(values(measures, "penalty")) == [("b", None)]


def test_unlabelled_data_does_not_apply(write_features, two_layers):
    with pytest.raises(NotApplicable, match="no labels"):
        linear_probe.evaluate(write_features(two_layers[0]), **KEYS)


def test_a_pooling_that_was_not_extracted_is_named(write_features, two_layers):
    with pytest.raises(InputError, match=r"train.h5 has no noise.max, only good.mean, noise.mean"):
        linear_probe.evaluate(write_features(*two_layers), **{**KEYS, "pooling": "max"})


def test_only_the_layers_of_the_key_are_probed(write_features, two_layers, values):
    inputs = write_features(*two_layers)
    measures = linear_probe.evaluate(inputs, layers=["noise"], **KEYS)
    assert list(values(measures)) == [("", None), ("noise", None)]
    every = linear_probe.evaluate(inputs, **KEYS)
    assert linear_probe.evaluate(inputs, layers=["noise", "good"], **KEYS) == every
    assert values(measures)["noise", None] == values(every)["noise", None]


def test_a_column_beside_the_encoders_layers_is_probed_only_by_name(write_features, two_layers, values):
    layers, labels = two_layers
    inputs = write_features({"conv": layers["noise"], "projection": layers["good"]}, labels)
    for split in ("train", "test"):
        with h5py.File(inputs.features / f"{split}.h5", "a") as file:
            file.attrs["layers"] = json.dumps(["conv"])
    assert list(values(linear_probe.evaluate(inputs, **KEYS))) == [("", None), ("conv", None)]
    assert values(linear_probe.evaluate(inputs, layers=["projection"], **KEYS))["projection", None] > 80


def test_patches_are_read_by_the_same_names_of_layers(write_features, two_layers, values):
    inputs = write_features(*two_layers)
    with pytest.raises(NotApplicable, match=r"^the method does not encode patches alone$"):
        linear_probe.evaluate(inputs, **KEYS | {"pooling": "patches"})
    for split in ("train", "test"):
        with h5py.File(inputs.features / f"{split}.h5", "a") as file:
            file["noise.patches"], file["good.patches"] = file["good.mean"][()], file["noise.mean"][()]
    swapped = values(linear_probe.evaluate(inputs, **KEYS | {"pooling": "patches"}))
    whole = values(linear_probe.evaluate(inputs, **KEYS))
    assert swapped["noise", None] == whole["good", None] > 80


def test_a_layer_that_the_run_did_not_keep_does_not_apply(write_features, two_layers):
    with pytest.raises(NotApplicable, match=r"^the run kept no projection, only good, noise$"):
        linear_probe.evaluate(write_features(*two_layers), layers=["projection"], **KEYS)


def test_a_penalty_at_its_floor_is_reported(write_features, two_layers, values):
    (layers, labels), keys = two_layers, {**KEYS, "penalties": [1.0]}
    strong = linear_probe.evaluate(write_features({"good": layers["good"]}, labels), **keys, penalty_floor=1.0)
    assert values(strong, "penalty_at_floor") == {("good", None): 1.0}
    free = linear_probe.evaluate(write_features({"good": layers["good"]}, labels), **keys, penalty_floor=1e-6)
    assert values(free, "penalty")["good", None] > 1e-6
    assert values(free, "penalty_at_floor") == {}


def test_without_standardising_a_weak_feature_is_hardly_read(write_features, values):
    """The class is in a feature of a hundredth of the deviation: one penalty for all leaves it out."""
    random = np.random.default_rng(0)
    labels = [random.integers(0, 2, n) for n in (300, 200)]
    layers = [np.concatenate([random.normal(size=(len(y), 5)), 0.01 * (2 * y[:, None] - 1)], 1) for y in labels]
    inputs = write_features({"layer": layers}, labels)
    keys = KEYS | {"penalties": [0.1], "penalty_floor": 0.1}
    standardised, raw = (values(linear_probe.evaluate(inputs, **keys, standardised=of)) for of in (True, False))
    assert standardised["", None] > 95
    assert raw["", None] < 65
