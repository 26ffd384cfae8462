"""Similar images: by a loop over cosines, at chance for noise, and shown in their order."""

import json

import h5py
import numpy as np
import pytest
import torch

from selfsup.errors import InputError
from selfsup.evaluations import neighbours
from tests.evaluations.named import named

KEYS = {"neighbours": 3, "pooling": "mean"}


@pytest.fixture
def numbered(write_prepared, write_features):
    """Writes images of one grey value each, which is their number, and their features."""

    def write(train, test, labels=None):
        count = max(len(train), len(test))
        grey = np.arange(count)[:, None, None, None].repeat(3, 1).repeat(4, 2).repeat(4, 3)
        write_prepared((grey[: len(train)], 100 + grey[: len(test)]), labels)
        return write_features({"first": (train[:, ::-1], test), "last": (train, test)}, labels)

    return write


def test_neighbours_are_those_of_a_plain_loop(numbered):
    random = np.random.default_rng(0)
    train, test = random.normal(size=(40, 5)), random.normal(size=(12, 5))
    labels = (random.integers(0, 3, 40), random.integers(0, 3, 12))
    measures = named(neighbours.evaluate(numbered(train, test, labels), **KEYS))
    nearest = []
    for query in test.astype(np.float32):
        cosine = [query @ row / np.linalg.norm(query) / np.linalg.norm(row) for row in train.astype(np.float32)]
        nearest.append(np.argsort(cosine)[::-1][:3])
    shares = [(labels[0][near] == label).mean() for near, label in zip(nearest, labels[1], strict=True)]
    assert measures["precision"].value == pytest.approx(100 * np.mean(shares))
    prior = [(labels[0] == label).mean() for label in labels[1]]
    assert measures["precision/chance"].value == pytest.approx(100 * np.mean(prior))


def test_pictures_are_the_query_and_its_neighbours_in_order(numbered):
    random = np.random.default_rng(1)
    train, test = random.normal(size=(40, 5)), random.normal(size=(12, 5))
    labels = (random.integers(0, 3, 40), np.array([2, 2, 2, 1, 1, 0, 0, 0, 0, 1, 1, 2]))
    inputs = numbered(train, test, labels)
    neighbours.evaluate(inputs, **KEYS)
    with h5py.File(inputs.pictures / "pictures.h5") as file:
        shown, captions = file["images"][:, :, 0, 0, 0], json.loads(file.attrs["captions"])
    assert captions == ["image", "1", "2", "3"]
    assert (shown[:, 0] - 100).tolist() == [0, 3, 5, 1, 4, 6]  # a query of each class in turn
    unit = [x / np.linalg.norm(x, axis=1, keepdims=True) for x in (test, train)]
    expected = (unit[0] @ unit[1].T).argsort(1)[:, ::-1][[0, 3, 5, 1, 4, 6], :3]
    assert shown[:, 1:].tolist() == expected.tolist()


def test_noise_is_at_chance_and_classes_are_found(numbered):
    random = np.random.default_rng(2)
    labels = (random.integers(0, 4, 200), random.integers(0, 4, 200))
    noise = [random.normal(size=(200, 8)) for _ in range(2)]
    measures = named(neighbours.evaluate(numbered(*noise, labels), **KEYS))
    assert measures["precision"].value == pytest.approx(measures["precision/chance"].value, abs=6)
    centred = [x + 20 * np.eye(8)[label] for x, label in zip(noise, labels, strict=True)]
    assert named(neighbours.evaluate(numbered(*centred, labels), **KEYS))["precision"].value == 100


def test_without_labels_only_the_cosine_is_measured(numbered):
    random = np.random.default_rng(3)
    measures = named(neighbours.evaluate(numbered(random.normal(size=(9, 4)), random.normal(size=(3, 4))), **KEYS))
    assert set(measures) == {"cosine"}


def test_more_neighbours_than_images_is_one_sentence(numbered):
    with pytest.raises(InputError, match="key neighbours is 3, but there are 2 training images; lower it"):
        neighbours.evaluate(numbered(torch.eye(2).numpy(), torch.eye(2).numpy()), **KEYS)
