"""Presence of classes: scored as a ranking per class, with difficult objects left out."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import average_precision_score

from selfsup.datasets.content.objects import ragged
from selfsup.datasets.prepared import write_split
from selfsup.errors import NotApplicable
from selfsup.evaluations import presence
from tests.evaluations.named import named

KEYS = {
    "penalties": [0.1, 0.003],
    "points": "all",
    "held_out_fraction": 0.2,
    "pooling": "mean",
    "tolerance": 1e-7,
}
SIZES = {"train": 300, "test": 200}


@pytest.fixture
def write(write_features, inputs):
    """Writes images that have each of three classes or not, features that tell it in the last layer, and returns both."""

    def drawn(difficult=lambda there: np.zeros_like(there), noise=0.7):
        random = np.random.default_rng(0)
        mix = random.standard_normal((3, 6))
        layers, presences = {"noise": [], "good": []}, []
        for split, count in SIZES.items():
            there = random.random((count, 3)) < (0.5, 0.3, 0.2)
            hard = difficult(there)
            objects = [
                [([0, 0, 4, 4], k, bool(h[k])) for k in range(3) if row[k]] for row, h in zip(there, hard, strict=True)
            ]
            arrays = {"key": np.array([f"{split}{n}".encode() for n in range(count)]), **ragged(objects)}
            write_split(inputs.target / f"{split}.h5", arrays, dataset="hand", classes=["a", "b", "c"], size_px=8)
            layers["noise"].append(random.standard_normal((count, 4)))
            layers["good"].append(there @ mix + noise * random.standard_normal((count, 6)))
            presences.append(there & ~hard)
        write_features(layers)
        return layers["good"], presences

    return drawn


def test_agrees_with_scikit_learn(write, inputs):
    (train, test), (present, test_present) = write()
    measures = named(presence.evaluate(inputs, **KEYS))
    mean, deviation = train.astype(np.float32).mean(0), train.astype(np.float32).std(0)
    penalty = measures["penalty/good"].value
    for k, name in enumerate("abc"):
        model = LogisticRegression(C=2 / (len(train) * penalty) / 4, tol=1e-10, max_iter=10000)
        model.fit((train - mean) / deviation, present[:, k])
        expected = 100 * average_precision_score(test_present[:, k], model.decision_function((test - mean) / deviation))
        assert measures[f"ap/{name}"].value == pytest.approx(expected, abs=0.5)
    by_class = [measures[f"ap/{name}"].value for name in "abc"]
    assert measures["map"].value == pytest.approx(np.mean(by_class))
    assert measures["map/good"].value == pytest.approx(measures["map"].value)
    assert measures["map"].value > 85
    assert measures["map/chance"].value == pytest.approx(100 * test_present.mean(0).mean())
    assert measures["map/noise"].value < 45


def test_an_image_whose_objects_of_a_class_are_all_difficult_does_not_count(write, inputs):
    """Half of the objects are difficult: they are neither positives nor negatives, so the ranking stays as good."""
    write(lambda there: np.random.default_rng(5).random(there.shape) < 0.5)
    present, counted = presence.presence(inputs, "test", 3)
    assert (present & ~counted).sum() == 0
    assert 0.1 < (~counted).float().mean() < 0.25
    assert named(presence.evaluate(inputs, **KEYS))["map"].value > 80


def test_features_without_information_score_the_share_of_positives(write, inputs):
    write(noise=1000)
    measures = named(presence.evaluate(inputs, **KEYS))
    assert measures["map"].value == pytest.approx(measures["map/chance"].value, abs=8)


def test_only_difficult_objects_do_not_apply(write, inputs):
    write(lambda there: np.ones_like(there))
    with pytest.raises(NotApplicable, match="difficult"):
        presence.evaluate(inputs, **KEYS)
