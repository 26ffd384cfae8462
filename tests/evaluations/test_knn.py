"""Nearest neighbours against a full sort in float64, with ties."""

import numpy as np
import pytest
import torch

from selfsup.errors import InputError, NotApplicable
from selfsup.evaluations import knn


def by_full_sort(queries, train, labels, k, temperature):
    """The definition, one query at a time: sort all, first come first served, sum the votes."""
    unit = [x / np.linalg.norm(x, axis=1, keepdims=True) for x in (queries.double().numpy(), train.double().numpy())]
    answers = []
    for query in unit[0]:
        similarity = np.array([round(float(query @ row), 10) for row in unit[1]])
        nearest = sorted(range(len(similarity)), key=lambda i: (-similarity[i], i))[:k]
        votes = np.zeros(labels.max() + 1)
        for i in nearest:
            votes[labels[i]] += np.exp(similarity[i] / temperature)
        answers.append(int(np.argmax(np.round(votes / votes.sum(), 10))))
    return torch.tensor(answers)


@pytest.mark.parametrize("k", [1, 7, 60])
@pytest.mark.parametrize("temperature", [0.01, 0.1, 10.0])
def test_agrees_with_a_full_sort(mixture, k, temperature, monkeypatch):
    monkeypatch.setattr(knn, "CHUNK", 17)
    train, labels = mixture(60, gap=0.5)
    queries, _ = mixture(50, gap=0.5, seed=1)
    answers = knn.classify(queries.float(), train.float(), labels, k=k, temperature=temperature)
    assert torch.equal(answers, by_full_sort(queries.float(), train.float(), labels, k, temperature))


@pytest.mark.parametrize("k", [1, 5, 12])
def test_ties_go_to_the_first_whatever_the_scale(k):
    random = torch.Generator().manual_seed(0)
    distinct = torch.randn(6, 33, generator=random)
    train = distinct.repeat(8, 1) * torch.rand(48, 1, generator=random).add(0.5)  # eight copies, each of its own length
    labels = torch.randint(0, 5, (48,), generator=random)
    queries = distinct.repeat(3, 1) + 0.01
    answers = knn.classify(queries, train, labels, k=k, temperature=0.1)
    assert torch.equal(answers, by_full_sort(queries, train, labels, k, 0.1))


def test_exactly_k_neighbours_vote_of_ties_the_first():
    similarity = torch.tensor([[0.5, 0.5, 0.5, 0.5, 0.1], [0.2, 0.9, 0.4, 0.4, 0.4]])
    value, index = knn.nearest(similarity, 3)
    assert value.tolist() == [pytest.approx(row) for row in ([0.5, 0.5, 0.5], [0.9, 0.4, 0.4])]
    assert index.tolist() == [[0, 1, 2], [1, 2, 3]]


def test_nearest_equals_a_stable_sort():
    similarity = torch.randint(0, 20, (50, 200), generator=torch.Generator().manual_seed(0)) / 20
    value, index = knn.nearest(similarity, 30)
    expected = similarity.sort(dim=1, descending=True, stable=True)
    assert torch.equal(value, expected.values[:, :30])
    assert torch.equal(index.sort(1).values, expected.indices[:, :30].sort(1).values)


def test_nearer_neighbours_outvote_many_at_a_low_temperature():
    train, labels = torch.tensor([[1.0, 0.0], [0.6, 0.8], [0.6, -0.8]]), torch.tensor([0, 1, 1])
    query = torch.tensor([[1.0, 0.0]])
    assert knn.classify(query, train, labels, k=3, temperature=0.1).tolist() == [0]
    assert knn.classify(query, train, labels, k=3, temperature=10.0).tolist() == [1]


def test_a_temperature_near_zero_stays_finite():
    train, labels = torch.eye(4), torch.arange(4)
    assert knn.classify(torch.eye(4), train, labels, k=4, temperature=1e-4).tolist() == [0, 1, 2, 3]


def test_length_and_rotation_of_features_are_irrelevant(mixture):
    train, labels = mixture(60, gap=0.5)
    queries, _ = mixture(40, gap=0.5, seed=1)
    rotation = torch.linalg.qr(torch.randn(12, 12, generator=torch.Generator().manual_seed(0), dtype=torch.float64))[0]
    plain = knn.classify(queries, train, labels, k=9, temperature=0.1)
    assert torch.equal(knn.classify(queries @ rotation, 3 * train @ rotation, labels, k=9, temperature=0.1), plain)


def test_evaluates_the_layer_of_the_key(write_features, mixture, values):
    (train, labels), (test, test_labels) = mixture(80, gap=2), mixture(40, gap=2, seed=1)
    noise = torch.randn(120, 5, generator=torch.Generator().manual_seed(0))
    inputs = write_features({"good": (train, test), "noise": (noise[:80], noise[80:])}, (labels, test_labels))
    keys = {"k": 5, "temperature": 0.1, "pooling": "mean"}
    assert values(knn.evaluate(inputs, layer="good", **keys))["", None] > 90
    assert values(knn.evaluate(inputs, layer="last", **keys))["", None] == pytest.approx(25, abs=22)
    with pytest.raises(InputError, match=r"has no bad.mean, only good.mean, noise.mean"):
        knn.evaluate(inputs, layer="bad", **keys)


def test_more_neighbours_than_examples_does_not_apply(write_features, mixture):
    inputs = write_features({"a": (mixture(20)[0], mixture(8)[0])}, (mixture(20)[1], mixture(8)[1]))
    with pytest.raises(NotApplicable, match=r"21 nearest neighbours .* 20 training examples"):
        knn.evaluate(inputs, k=21, temperature=0.1, pooling="mean")


def test_the_best_layer_is_selected_on_held_out_training_examples_and_named(write_features, mixture, values):
    """Neither the deeper noise nor a layer that knows only the test set is taken."""
    (train, labels), (test, test_labels) = mixture(80, gap=2), mixture(40, gap=2, seed=1)
    noise = torch.randn(120, 12, generator=torch.Generator().manual_seed(0))
    layers = {
        "good": (train, test),
        "cheat": (noise[:80], 100 * torch.eye(12)[test_labels]),
        "noise": (noise[:80], noise[80:]),
    }
    inputs = write_features(layers, (labels, test_labels))
    keys = {"k": 5, "temperature": 0.1, "pooling": "mean"}
    best = knn.evaluate(inputs, **keys)
    assert values(best)["", None] == values(knn.evaluate(inputs, layer="good", **keys))["", None] > 90
    [(layer, _)] = values(best, "held_out_top1")
    assert layer == "good"
    assert [(m.split, m.n) for m in best] == [("test", 40), ("train", 16)]


def test_more_neighbours_than_the_rest_of_the_training_set_are_all_of_it(write_features, mixture):
    (train, labels), (test, test_labels) = mixture(40, gap=2), mixture(40, gap=2, seed=1)
    inputs = write_features({"a": (train, test)}, (labels, test_labels))
    assert len(knn.evaluate(inputs, k=40, temperature=0.1, pooling="mean")) == 2
