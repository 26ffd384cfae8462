"""Weighted nearest neighbours: how well the classes show in the features' cosine distances, with nothing learned."""

import torch
from pydantic import PositiveFloat, PositiveInt
from torch import Tensor

from selfsup.errors import NotApplicable
from selfsup.evaluations.inputs import Inputs
from selfsup.evaluations.reading import feature_file
from selfsup.evaluations.tracking.cosine import DECIMALS, cosine_similarity
from selfsup.nn.pooling import Pooling
from selfsup.results import Measure, accuracy

NEEDS = ("features",)
SHOWN = {
    "title": "Nearest neighbours",
    "headline": "top1",
    "metrics": {"top1": {"title": "top-1 accuracy", "unit": "%", "better": "higher"}},
}
# Queries whose similarities to 50,000 training examples fit into 200 MB.
CHUNK = 500


def evaluate(
    inputs: Inputs,
    *,
    k: PositiveInt,
    temperature: PositiveFloat,
    layer: str = "last",
    pooling: Pooling,
) -> list[Measure]:
    """Return ``top1`` of the weighted vote of the k nearest training examples; NotApplicable where there are fewer.

    ``layer`` is a layer's name or ``last``. No key is chosen by a score.

    Args:
        k: nearest training examples that vote.
        temperature: what cosines are divided by in a vote's weight, exp(cosine / temperature).
        layer: layer that is read, by name, or last.
        pooling: how a map becomes a vector.
    """
    layer = feature_file.layer_of(inputs.features, layer)
    labels, test_labels = (feature_file.labels(inputs.features, split) for split in ("train", "test"))
    if k > len(labels):
        raise NotApplicable(f"{k} nearest neighbours were asked for, and there are {len(labels)} training examples")
    train, test = (
        feature_file.features(inputs.features, split, layer, pooling).to(inputs.device) for split in ("train", "test")
    )
    answers = classify(test, train, labels.to(inputs.device), k=k, temperature=temperature).cpu()
    return [accuracy((answers == test_labels).numpy())]


def classify(queries: Tensor, train: Tensor, labels: Tensor, *, k: int, temperature: float) -> Tensor:
    """Return the class (N,) of queries (N, D) by the vote of their k nearest of train (M, D), labels (M,).

    A neighbour of cosine s votes for its class with exp(s / temperature). Exact, in float64; of neighbours equally
    near the first in the training set count, and of classes with equal votes the first wins.

    Source: Wu et al. 2018 (Unsupervised feature learning via non-parametric instance discrimination), section 3.4.
    """
    votes_of = torch.nn.functional.one_hot(labels).double()
    answers = []
    for chunk in queries.split(CHUNK):
        similarity = cosine_similarity(chunk, train)
        nearest = similarity.max(1, keepdim=True).values
        weight = torch.exp((similarity - nearest) / temperature) * nearest_mask(similarity, k)
        votes = weight @ votes_of
        share = votes / votes.sum(1, keepdim=True)
        answers.append(torch.round(share, decimals=DECIMALS).argmax(1))
    return torch.cat(answers)


def nearest_mask(similarity: Tensor, k: int) -> Tensor:
    """Return a mask (N, M) with exactly k entries a row: the largest, and of equal ones the first."""
    threshold = similarity.topk(k, dim=1).values[:, -1:]
    above, level = similarity > threshold, similarity == threshold
    room = k - above.sum(1, keepdim=True)
    return above | (level & (level.cumsum(1) <= room))
