"""A printed accuracy is what scikit-learn reads from the same features, and a grid knows where something is."""

import h5py
import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from selfsup.evaluations import linear_probe
from selfsup.evaluations.features import extract

KEYS = {"penalties": [0.1, 0.01, 0.001], "held_out_fraction": 0.2, "tolerance": 1e-7}
TRAIN, TEST = 240, 400


@pytest.fixture
def run(write_prepared, write_run):
    """Features of noise that is slightly brighter in one quadrant: which one is the class."""
    random = np.random.default_rng(0)
    labels = [np.arange(count) % 4 for count in (TRAIN, TEST)]
    images = [random.integers(0, 200, (len(of), 3, 32, 32)) for of in labels]
    for batch, of in zip(images, labels, strict=True):
        for image, label in zip(batch, of, strict=True):
            top, left = 16 * (label // 2), 16 * (label % 2)
            image[:, top : top + 16, left : left + 16] += 12
    inputs = write_prepared(images, labels)
    write_run()
    extract(inputs.weights, inputs.target, inputs.features, pooling=["mean", "grid"], grid_values=64, batch_size=100)
    return inputs


@pytest.mark.parametrize("pooling", ["mean", "grid"])
def test_scikit_learn_reads_the_printed_accuracy(run, pooling):
    top1, *others = linear_probe.evaluate(run, pooling=pooling, **KEYS)
    [penalty] = [measure for measure in others if measure.metric == "penalty"]
    splits = []
    for split in ("train", "test"):
        with h5py.File(run.features / f"{split}.h5") as file:
            splits.append((file[f"{penalty.layer}.{pooling}"][()].astype(float), file["label"][()]))
    (train, labels), (test, test_labels) = splits
    scaler = StandardScaler().fit(train)
    model = LogisticRegression(C=1 / (TRAIN * penalty.value), tol=1e-10, max_iter=10_000)
    accuracy = 100 * model.fit(scaler.transform(train), labels).score(scaler.transform(test), test_labels)
    assert top1.value == pytest.approx(accuracy, abs=0.1)


def test_a_grid_tells_where_something_is_and_a_mean_does_not(run):
    mean, grid = (linear_probe.evaluate(run, pooling=pooling, **KEYS)[0].value for pooling in ("mean", "grid"))
    assert mean == pytest.approx(25, abs=8)
    assert grid > 60
