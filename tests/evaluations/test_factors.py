"""Factor probes: what the features hold is read off the layer that holds it, angles as angles, by scikit-learn's numbers."""

import h5py
import numpy as np
import pytest
import torch
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.metrics import r2_score

from selfsup.config.recipe import evaluation
from selfsup.errors import InputError, NotApplicable
from selfsup.evaluations import factors
from tests.evaluations.named import named

KEYS = {
    "periods": {"angle_deg": 360},
    "penalties": [0.001, 0.1],
    "held_out_fraction": 0.2,
    "pooling": "mean",
    "tolerance": 1e-7,
}
SIZES = (400, 200)
MIX = np.random.default_rng(9).standard_normal((5, 8))


@pytest.fixture
def drawn():
    """Factors and two layers: ``first`` holds the angle and the kind, of which 5 is the most frequent, ``last`` the size."""
    random = np.random.default_rng(0)
    recorded, layers = {}, {"first": [], "last": []}
    for n in SIZES:
        angle_deg, size = random.uniform(-180, 180, n), random.uniform(0, 1, n)
        kind = random.choice((3, 4, 5), n, p=(0.2, 0.2, 0.6))
        noise = random.standard_normal((n, 8))
        radians = np.deg2rad(angle_deg)
        held = np.stack([np.sin(radians), np.cos(radians), kind == 4, kind == 5], 1)
        layers["first"].append(held @ MIX[:4] + 0.4 * noise)
        layers["last"].append(size[:, None] @ MIX[4:] + 0.2 * noise)
        for name, values in (("angle_deg", angle_deg.astype(np.float32)), ("size", size), ("kind", kind)):
            recorded.setdefault(name, []).append(values)
        recorded.setdefault("fixed", []).append(np.ones(n))
    return recorded, layers


@pytest.fixture
def inputs_of(write_features, inputs):
    def write(recorded, layers):
        for number, split in enumerate(("train", "test")):
            with h5py.File(inputs.target / f"{split}.h5", "w") as file:
                for name, both in recorded.items():
                    file[f"factors/{name}"] = both[number]
        return write_features(layers)

    return write


def test_each_factor_is_read_off_the_layer_that_holds_it(inputs_of, drawn):
    recorded, _ = drawn
    measures = factors.evaluate(inputs_of(*drawn), **KEYS)
    layer = {m.subset: m.layer for m in measures if m.metric == "penalty"}
    assert layer == {"angle_deg": "first", "size": "last", "kind": "first"}
    by_name = named(m for m in measures if m.metric != "penalty")
    assert set(by_name) == {"r2/angle_deg", "r2/size", "accuracy/kind", "accuracy/kind/constant"}
    assert all(by_name[name].value > 80 for name in ("r2/angle_deg", "accuracy/kind"))
    assert by_name["accuracy/kind/constant"].value == pytest.approx(100 * (recorded["kind"][1] == 5).mean())
    assert all(m.boot_low < m.value < m.boot_high and m.n == 200 for m in by_name.values())


def test_the_numbers_are_scikit_learns(inputs_of, drawn):
    recorded, layers = drawn
    measures = factors.evaluate(inputs_of(*drawn), **KEYS)
    penalty = {m.subset: m.value for m in measures if m.metric == "penalty"}
    by_name = named(m for m in measures if m.metric != "penalty")
    train, test = (np.float32(x) for x in layers["first"])
    train, test = (train - train.mean(0)) / train.std(0), (test - train.mean(0)) / train.std(0)
    points = [np.stack([np.sin(a), np.cos(a)], 1) for a in map(np.deg2rad, recorded["angle_deg"])]
    model = Ridge(alpha=400 * penalty["angle_deg"]).fit(train, points[0])
    expected = 100 * r2_score(points[1], model.predict(test), multioutput="variance_weighted")
    assert by_name["r2/angle_deg"].value == pytest.approx(expected, abs=0.01)
    classifier = LogisticRegression(C=1 / (400 * penalty["kind"]), tol=1e-8, max_iter=1000)
    classifier.fit(train, recorded["kind"][0])
    assert by_name["accuracy/kind"].value == pytest.approx(100 * classifier.score(test, recorded["kind"][1]))


def test_an_angle_is_not_a_number(inputs_of, drawn):
    """359 degrees are near 1: as a number the angle is told far worse."""
    found = [
        named(m for m in factors.evaluate(inputs_of(*drawn), **KEYS | {"periods": p}) if m.metric == "r2")
        for p in ({"angle_deg": 360}, {})
    ]
    assert found[0]["r2/angle_deg"].value > found[1]["r2/angle_deg"].value + 15
    assert found[0]["r2/size"] == found[1]["r2/size"]


def test_the_projects_protocol_reads_what_a_mean_over_the_map_has_lost(inputs_of, drawn):
    recorded, layers = drawn
    inputs = inputs_of(
        {"size": recorded["size"]}, {"conv": [np.random.default_rng(2).normal(size=(n, 8)) for n in SIZES]}
    )
    for number, split in enumerate(("train", "test")):
        with h5py.File(inputs.features / f"{split}.h5", "a") as file:
            file["conv.grid"] = layers["last"][number]
    arguments = evaluation("factors")[1] | {"periods": {}}
    lost, kept = (
        named(factors.evaluate(inputs, **arguments | {"pooling": pooling}))["r2/size"].value
        for pooling in ("mean", arguments["pooling"])
    )
    assert lost < 5
    assert kept > 80


def test_test_examples_select_nothing(inputs_of, drawn):
    recorded, layers = drawn
    other = {name: [train, test[::-1].copy()] for name, (train, test) in recorded.items()}
    penalties = [
        [m for m in factors.evaluate(inputs_of(values, layers), **KEYS) if m.metric == "penalty"]
        for values in (recorded, other)
    ]
    assert penalties[0] == penalties[1]


def test_a_layer_that_fits_its_training_examples_alone_is_not_selected(inputs_of, drawn):
    recorded, layers = drawn
    wide = [np.random.default_rng(1).standard_normal((n, 2 * SIZES[0])) for n in SIZES]
    measures = factors.evaluate(inputs_of(recorded, {**layers, "wide": wide}), **KEYS)
    assert {m.layer for m in measures if m.metric == "penalty"} == {"first", "last"}


def test_ties_go_to_the_deeper_layer(inputs_of, drawn):
    recorded, layers = drawn
    measures = factors.evaluate(inputs_of(recorded, {"a": layers["last"], "b": layers["last"]}), **KEYS)
    assert {m.layer for m in measures if m.metric == "penalty"} == {"b"}


def test_r2_of_the_mean_is_zero_and_of_the_truth_one():
    targets = torch.randn(50, 2, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    assert factors.r2(targets, targets).value == pytest.approx(100)
    assert factors.r2(targets, targets.mean(0).expand_as(targets)).value == pytest.approx(0, abs=1e-9)


def test_a_period_of_no_factor_is_refused(inputs_of, drawn):
    with pytest.raises(InputError, match="key periods names hue, but the data record angle_deg, fixed, kind, size"):
        factors.evaluate(inputs_of(*drawn), **KEYS | {"periods": {"hue": 1}})


def test_data_without_factors_do_not_apply(inputs_of, drawn):
    with pytest.raises(NotApplicable, match="the data set records no factors"):
        factors.evaluate(inputs_of({}, drawn[1]), **KEYS)
