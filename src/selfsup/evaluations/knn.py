"""Weighted nearest neighbours: classification by the cosine similarities of features, without training."""

from functools import partial

import torch
from pydantic import PositiveFloat, PositiveInt
from torch import Tensor

from selfsup.errors import NotApplicable
from selfsup.evaluations.inputs import Inputs
from selfsup.evaluations.reading import files
from selfsup.evaluations.solvers.probes import deepest_best
from selfsup.evaluations.solvers.splits import held_out
from selfsup.nn.pooling import Pooling
from selfsup.results import Measure, accuracy

NEEDS = ("features",)
SHOWN = {
    "title": "Nearest neighbours",
    "headline": "top1",
    "metrics": {"top1": {"title": "top-1 accuracy", "unit": "%", "better": "higher"}},
    "note": "Of the layer with the best accuracy on held-out training examples.",
}
CHUNK = 500  # queries whose similarities to 50,000 training examples fit into 200 MB
DECIMALS = 10  # above the rounding of a float64 product, below any meaningful difference


def evaluate(
    inputs: Inputs,
    *,
    k: PositiveInt,
    temperature: PositiveFloat,
    layer: str = "best",
    held_out_fraction: PositiveFloat = 0.2,
    pooling: Pooling,
) -> list[Measure]:
    """Return ``top1`` of the weighted vote of the k nearest training examples; NotApplicable where there are fewer.

    The best layer is that with the best accuracy on a held-out part of the training set, by the votes of the rest (ties go
    to the deeper); ``held_out_top1`` names it. On the test set all training examples vote.

    Args:
        k: nearest training examples that vote.
        temperature: of the weight of a vote, exp(cosine / temperature).
        layer: best, last, or the name of a layer.
        held_out_fraction: fraction of the training set for selecting the best layer.
        pooling: how a map becomes a vector.
    """
    labels, test_labels = (of.to(inputs.device) for of in files.labels(inputs.features))
    if k > len(labels):
        raise NotApplicable(f"{k} nearest neighbours were asked for, and there are {len(labels)} training examples")
    names = files.candidates(inputs.features, layer)
    layers = {name: [x.to(inputs.device) for x in files.features(inputs.features, name, pooling)] for name in names}
    held = held_out(labels.cpu(), held_out_fraction, inputs.seed, "knn").to(inputs.device)
    vote = partial(classify, temperature=temperature)
    shares = {}
    for name, (train, _) in layers.items():
        predicted = vote(train[held], train[~held], labels[~held], k=min(k, int((~held).sum())))
        shares[name] = float((predicted == labels[held]).double().mean())
    best = deepest_best(shares)
    train, test = layers[best]
    correct = (vote(test, train, labels, k=k) == test_labels).cpu()
    held_out_top1 = Measure("held_out_top1", "%", 100 * shares[best], int(held.sum()), split="train", layer=best)
    return [accuracy(correct.numpy()), held_out_top1]


def classify(queries: Tensor, train: Tensor, labels: Tensor, *, k: int, temperature: float) -> Tensor:
    """Return the class (N,) of queries (N, D) by the vote of their k nearest of train (M, D), labels (M,).

    A neighbour of cosine s votes for its class with weight exp(s / temperature). Exact, in float64; ties go to the first
    neighbour of the training set, and to the first class.

    Source: Wu et al. 2018 (Unsupervised feature learning via non-parametric instance discrimination), section 3.4.
    """
    one_hot = torch.nn.functional.one_hot(labels).double()
    predicted = []
    for chunk in queries.split(CHUNK):
        similarity, index = nearest(cosine_similarity(chunk, train), k)
        weight = torch.exp((similarity - similarity[:, :1]) / temperature)
        votes = weight.new_zeros(len(chunk), len(train)).scatter_(1, index, weight) @ one_hot
        share = votes / votes.sum(1, keepdim=True)
        predicted.append(torch.round(share, decimals=DECIMALS).argmax(1))
    return torch.cat(predicted)


def cosine_similarity(a: Tensor, b: Tensor) -> Tensor:
    """Return (N, M) float64 in [-1, 1] of rows (N, D) and (M, D), 0 for a row of zeros.

    Rounded to 10 decimals, so that equal pairs are ties in whatever order a matrix product sums.
    """
    a, b = (torch.nn.functional.normalize(rows.double(), dim=1) for rows in (a, b))
    return torch.round(a @ b.T, decimals=DECIMALS)


def nearest(similarity: Tensor, k: int) -> tuple[Tensor, Tensor]:
    """Return the k largest of each row (N, M), descending, and their columns (N, k); of ties the first columns."""
    value, index = similarity.topk(k, dim=1)
    tied = (similarity >= value[:, -1:]).sum(1) > k  # of these rows topk may have taken any
    index[tied] = similarity[tied].argsort(dim=1, descending=True, stable=True)[:, :k]
    return value, index
