"""Label-aware splits: a random rank of every example within its class gives held-out parts, folds and subsets."""

import torch
from torch import Tensor

from selfsup.seeds import generator


def ranks(labels: Tensor, seed: int, *purpose: str | int) -> Tensor:
    """Return (N,) int64: each example's rank, from 0, in a random order of its class, drawn for one purpose."""
    order = torch.randperm(len(labels), generator=generator(seed, *purpose))
    by_class = order[labels[order].argsort(stable=True)]
    counts = labels.bincount()
    first = counts.cumsum(0) - counts
    rank = torch.empty_like(by_class)
    rank[by_class] = torch.arange(len(labels)) - first[labels[by_class]]
    return rank


def held_out(labels: Tensor, fraction: float, seed: int, *purpose: str | int) -> Tensor:
    """Return a mask (N,) of the same fraction of every class; a class of at least two has examples on both sides."""
    count = labels.bincount()
    share = (count * fraction).round().long().clamp(min=1).minimum(count - 1)
    return ranks(labels, seed, *purpose) < share[labels]


def folds(labels: Tensor, count: int, seed: int, *purpose: str | int) -> list[Tensor]:
    """Return masks (N,) of disjoint folds, each class spread over all: ``count``, but no more than the largest class has
    examples, and none if that is one."""
    count = min(count, int(labels.bincount().max()))
    fold_index = ranks(labels, seed, *purpose) % count
    return [fold_index == fold for fold in range(count)] if count > 1 else []


def balanced_subset(labels: Tensor, fraction: float, seed: int, *purpose: str | int) -> Tensor:
    """Return the indices (M,), ascending, of equally many examples of each class: ``fraction`` of the average class.

    Empty if that is less than half an example; a smaller class gives all it has. For the same seed and purpose the
    subset of a smaller fraction is part of that of a larger one.
    """
    per_class = round(fraction * len(labels) / int(labels.max() + 1))
    return (ranks(labels, seed, *purpose) < per_class).nonzero()[:, 0]
