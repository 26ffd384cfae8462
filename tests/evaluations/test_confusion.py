"""Accuracy by class: scikit-learn's confusion matrix of the linear probe's answers, and cases by hand."""

import json

import h5py
import numpy as np
import pytest
import torch
from sklearn.metrics import confusion_matrix

from selfsup.errors import NotApplicable
from selfsup.evaluations import confusion, linear_probe
from tests.evaluations.named import named

KEYS = {"penalties": [0.001, 0.1, 0.01], "held_out_fraction": 0.2, "pooling": "mean", "tolerance": 1e-6}


@pytest.fixture
def fitted(mixture, write_prepared, write_features):
    def write(shuffled=False):
        (train, labels), (test, test_labels) = mixture(400), mixture(200, seed=1)
        if shuffled:
            labels = labels[torch.randperm(400, generator=torch.Generator().manual_seed(0))]
        grey = [np.zeros((n, 3, 8, 8), np.uint8) for n in (400, 200)]
        write_prepared(grey, (labels, test_labels))
        return write_features({"last": (train, test)}, (labels, test_labels)), test_labels

    return write


def matrix(inputs):
    with h5py.File(inputs.pictures / "pictures.h5") as file:
        return file["matrix"][()], json.loads(file.attrs["classes"])


def test_equals_scikit_learn():
    random = np.random.default_rng(0)
    labels, predicted = random.integers(0, 5, 300), random.integers(0, 5, 300)
    ours = confusion.confusion(torch.from_numpy(labels), torch.from_numpy(predicted), 5)
    np.testing.assert_array_equal(ours.numpy(), confusion_matrix(labels, predicted))


def test_by_hand():
    ours = confusion.confusion(torch.tensor([0, 0, 2, 2, 2]), torch.tensor([0, 1, 2, 0, 0]), 3)
    assert ours.tolist() == [[1, 1, 0], [0, 0, 0], [2, 0, 1]]


def test_its_answers_are_the_linear_probes(fitted):
    written, test_labels = fitted()
    measures = confusion.evaluate(written, **KEYS)
    counts, classes = matrix(written)
    probed = named(linear_probe.evaluate(written, **KEYS))["top1"].value
    assert 100 * np.trace(counts) / counts.sum() == pytest.approx(probed)
    assert counts.sum(1).tolist() == np.bincount(test_labels).tolist()
    by_class = {m.subset: m.value for m in measures if m.metric == "class_accuracy"}
    assert by_class == {name: pytest.approx(100 * counts[n, n] / counts[n].sum()) for n, name in enumerate(classes)}
    (worst,) = [m for m in measures if m.metric == "worst_class"]
    assert worst.value == min(by_class.values())


def test_shuffled_training_labels_end_at_chance(fitted):
    written, _ = fitted(shuffled=True)
    confusion.evaluate(written, **KEYS)
    counts, _ = matrix(written)
    assert 100 * np.trace(counts) / counts.sum() == pytest.approx(25, abs=12)


def test_more_classes_than_a_table_has_room_for_give_the_worst_alone(fitted, monkeypatch):
    monkeypatch.setattr(confusion, "LISTED", 3)
    written, _ = fitted()
    assert [m.metric for m in confusion.evaluate(written, **KEYS)] == ["worst_class"]


def test_without_labels_it_does_not_apply(write_features, mixture):
    (train, _), (test, _) = mixture(40), mixture(20, seed=1)
    with pytest.raises(NotApplicable):
        confusion.evaluate(write_features({"last": (train, test)}, None), **KEYS)
