"""Jigsaw's table: permutations of nine tiles with large Hamming distances from each other."""

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
    """Return ``permutations`` (K, 9) int64, and the mean and the minimal Hamming distance of their pairs (0-dim).

    The first permutation is random; each further one has, of all 9!, the largest sum of distances to the earlier ones.
    ``permutations[k, i]`` is the tile at position i. Distances count positions, at most 9; for a single permutation they
    are 0.

    Raises InputError for more than 9! permutations. Source: Noroozi & Favaro 2016, algorithm 1.
    Args:
        permutations: orders of the nine tiles.
        seed: seed of the candidates.

    Differs: ties go to the permutation whose nearest neighbour is farthest, then to the first in lexicographic order; the
    paper leaves this open.
    """
    if permutations > math.factorial(TILES):
        raise InputError(
            f"table.permutations is {permutations}, but nine tiles have {math.factorial(TILES)} orders; set fewer"
        )
    candidates = _all_permutations()
    first = int(torch.randint(candidates.shape[1], (), generator=generator(seed, "permutations")))
    rows = candidates[:, _greedy(candidates, first, permutations)].T.long().contiguous()
    distances = pairwise_distances(rows)
    return {
        "permutations": rows,
        "mean_hamming_distance": distances.double().mean() if len(distances) else torch.zeros(()),
        "min_hamming_distance": distances.min() if len(distances) else torch.zeros(()),
    }


def pairwise_distances(permutations: Tensor) -> Tensor:
    """Return the Hamming distances (K (K - 1) / 2,) of all pairs of permutations (K, 9)."""
    first, second = torch.triu_indices(len(permutations), len(permutations), 1)
    return (permutations[first] != permutations[second]).sum(1)


def _all_permutations() -> Tensor:
    """Return all permutations in lexicographic order, uint8 (9, 9!), one per column."""
    numbers = itertools.chain.from_iterable(itertools.permutations(range(TILES)))
    return torch.from_numpy(np.fromiter(numbers, np.uint8).reshape(-1, TILES).T.copy())


def _greedy(candidates: Tensor, first: int, count: int) -> list[int]:
    """Return the columns of ``count`` permutations. Candidates rank by their sum of distances, then by the smallest."""
    columns = [first]
    total = torch.zeros(candidates.shape[1], dtype=torch.int32)
    least = torch.full_like(total, TILES)
    while len(columns) < count:
        newest = candidates[:, columns[-1]]
        distance = torch.zeros_like(total)
        for tiles, tile in zip(candidates, newest, strict=True):
            distance += tiles != tile
        total += distance
        least = torch.minimum(least, distance)
        rank = total * (TILES + 1) + least
        rank[columns] = -1
        columns.append(int(rank.argmax()))
    return columns
