"""Label-aware splits: one random rank of every example within its class gives held-out parts, folds and subsets."""

import torch
from torch import Tensor

from selfsup.seeds import generator


def ranks(labels: Tensor, seed: int, *purpose: str | int) -> Tensor:
    """Return (N,) int64: each example's place, from 0, in a random order of its class, drawn for one purpose."""
    order = torch.randperm(len(labels), generator=generator(seed, *purpose))
    by_class = order[labels[order].argsort(stable=True)]
    counts = labels.bincount()
    first = counts.cumsum(0) - counts
    place = torch.empty_like(by_class)
    place[by_class] = torch.arange(len(labels)) - first[labels[by_class]]
    return place


def held_out(labels: Tensor, fraction: float, seed: int, *purpose: str | int) -> Tensor:
    """Return a mask (N,) of the same fraction of every class; a class of at least two has examples on both sides."""
    count = labels.bincount()
    share = (count * fraction).round().long().clamp(min=1).minimum(count - 1)
    return ranks(labels, seed, *purpose) < share[labels]


def folds(labels: Tensor, count: int, seed: int, *purpose: str | int) -> list[Tensor]:
    """Return masks (N,) that part the examples into at most ``count`` folds, every class dealt out over all of them.

    There are no more folds than examples in the largest class, and none where that is one: nothing would be left to
    learn the class from.
    """
    count = min(count, int(labels.bincount().max()))
    dealt = ranks(labels, seed, *purpose) % count
    return [dealt == fold for fold in range(count)] if count > 1 else []


def balanced_subset(labels: Tensor, fraction: float, seed: int, *purpose: str | int) -> Tensor:
    """Return the indices (M,), ascending, of equally many examples of each class: ``fraction`` of the average class.

    Empty where that is less than half an example; a smaller class gives all it has. For the same seed and purpose the
    subset of a smaller fraction lies within that of a larger one.
    """
    of_each = round(fraction * len(labels) / int(labels.max() + 1))
    return (ranks(labels, seed, *purpose) < of_each).nonzero()[:, 0]
