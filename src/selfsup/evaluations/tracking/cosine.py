"""Cosine similarity whose ties are ties: equal pairs are equal, whatever order a matrix product sums in."""

import torch
from torch import Tensor

# Far above the rounding of a float64 product, far below any difference that means something.
DECIMALS = 10


def cosine_similarity(a: Tensor, b: Tensor) -> Tensor:
    """Return (N, M) float64 in [-1, 1] of rows (N, D) and (M, D), rounded to 10 decimals; 0 for a row of zeros."""
    similarity = _unit(a) @ _unit(b).T
    return torch.round(similarity, decimals=DECIMALS)


def _unit(rows: Tensor) -> Tensor:
    return torch.nn.functional.normalize(rows.double(), dim=1)
