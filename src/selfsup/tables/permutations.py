"""The permutations of a jigsaw puzzle's nine tiles that a network must tell apart: far from each other by choice."""

import itertools
import math

import numpy as np
import torch
from pydantic import NonNegativeInt, PositiveInt
from torch import Tensor

from selfsup.errors import InputError
from selfsup.seeds import generator

TILES = 9


def make(*, permutations: PositiveInt, seed: NonNegativeInt) -> dict[str, Tensor]:
    """Return ``permutations`` (K, 9) int64, and the mean and the least Hamming distance of two of them (0-dim).

    The first is drawn; each next one is, of all 9! permutations, the one with the largest sum of distances to those
    chosen before. ``permutation[k, i]`` is the tile that lies at place i. A distance counts places, 9 at most; a single
    permutation has no distances, and is said to have 0.

    Raises InputError for more than 9! permutations. Source: Noroozi & Favaro 2016, algorithm 1.
    Args:
        permutations: orders of the nine tiles.
        seed: seed of the candidates.

    Differs: of equal sums the one whose nearest neighbour is farthest is taken, then the first in lexicographic order,
    where the paper leaves the choice open.
    """
    if permutations > math.factorial(TILES):
        raise InputError(
            f"table.permutations is {permutations}, and nine tiles have {math.factorial(TILES)} orders; set fewer"
        )
    candidates = _all_permutations()
    first = int(torch.randint(candidates.shape[1], (), generator=generator(seed, "permutations")))
    chosen = candidates[:, _greedy(candidates, first, permutations)].T.long().contiguous()
    distances = pairwise_distances(chosen)
    return {
        "permutations": chosen,
        "mean_hamming_distance": distances.double().mean() if len(distances) else torch.zeros(()),
        "min_hamming_distance": distances.min() if len(distances) else torch.zeros(()),
    }


def pairwise_distances(permutations: Tensor) -> Tensor:
    """Return the Hamming distances (K (K - 1) / 2,) of all pairs of permutations (K, 9)."""
    first, second = torch.triu_indices(len(permutations), len(permutations), 1)
    return (permutations[first] != permutations[second]).sum(1)


def _all_permutations() -> Tensor:
    """Return all permutations in lexicographic order, uint8 (9, 9!): a column each."""
    numbers = itertools.chain.from_iterable(itertools.permutations(range(TILES)))
    return torch.from_numpy(np.fromiter(numbers, np.uint8).reshape(-1, TILES).T.copy())


def _greedy(candidates: Tensor, first: int, count: int) -> list[int]:
    """Return the columns chosen, the first included. A candidate's worth is its sum of distances, then its least one."""
    chosen = [first]
    total = torch.zeros(candidates.shape[1], dtype=torch.int32)
    least = torch.full_like(total, TILES)
    while len(chosen) < count:
        newest = candidates[:, chosen[-1]]
        distance = torch.zeros_like(total)
        for place, tile in zip(candidates, newest, strict=True):
            distance += place != tile
        total += distance
        least = torch.minimum(least, distance)
        worth = total * (TILES + 1) + least
        worth[chosen] = -1
        chosen.append(int(worth.argmax()))
    return chosen
