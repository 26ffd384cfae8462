"""The map of the embeddings: clusters stay together, the same every time, with classes and small images."""

import json

import h5py
import numpy as np
import pytest

from selfsup.errors import InputError
from selfsup.evaluations import embedding_map
from tests.evaluations.named import named

KEYS = {"test_images": 60, "shown_px": 4, "perplexity": 10.0, "neighbours": 5, "pooling": "mean", "seed": 0}


@pytest.fixture
def clusters(write_prepared, write_features):
    def write(labelled=True):
        random = np.random.default_rng(0)
        label = random.integers(0, 3, 80)
        features = (
            8 * np.eye(3)[label] @ np.ones((3, 6)).cumsum(1) + np.eye(3, 6)[label] * 60 + random.normal(size=(80, 6))
        )
        grey = (np.arange(80)[:, None, None, None] + np.zeros((1, 3, 8, 8))).astype(np.uint8)
        labels = (label, label) if labelled else None
        write_prepared((grey, grey), labels)
        return write_features({"last": (features, features)}, labels), label

    return write


def stored(inputs):
    with h5py.File(inputs.pictures / "pictures.h5") as file:
        return {name: file[name][()] for name in file} | {"classes": json.loads(file.attrs["classes"])}


def test_clusters_stay_together(clusters):
    inputs, label = clusters()
    measures = named(embedding_map.evaluate(inputs, **KEYS))
    assert measures["trustworthiness"].value > 85
    assert measures["trustworthiness"].n == 60
    found = stored(inputs)
    assert found["label"].tolist() == label[:60].tolist()
    distance = np.linalg.norm(found["position"][:, None] - found["position"][None], axis=2) + 1e9 * np.eye(60)
    assert (label[:60][distance.argmin(1)] == label[:60]).mean() == 1


def test_images_are_small_and_in_order(clusters):
    inputs, _ = clusters()
    embedding_map.evaluate(inputs, **KEYS)
    found = stored(inputs)
    assert found["images"].shape == (60, 3, 4, 4)
    assert found["images"][:, 0, 0, 0].tolist() == list(range(60))


def test_the_same_map_every_time_and_without_labels(clusters):
    inputs, _ = clusters(labelled=False)
    first = embedding_map.evaluate(inputs, **KEYS)
    position = stored(inputs)["position"]
    assert embedding_map.evaluate(inputs, **KEYS) == first
    assert np.array_equal(stored(inputs)["position"], position)
    assert set(stored(inputs)["label"].tolist()) == {-1}


def test_few_images_lower_the_perplexity_but_not_the_neighbours(clusters):
    inputs, _ = clusters()
    embedding_map.evaluate(inputs, **KEYS | {"test_images": 20, "perplexity": 100.0})
    with pytest.raises(InputError, match="key neighbours is 5, of 10 images"):
        embedding_map.evaluate(inputs, **KEYS | {"test_images": 10})
