"""A layer's output as tokens, and their pooling to one vector, or to a grid of vectors."""

import math
from dataclasses import dataclass
from typing import Literal

from torch import Tensor
from torch.nn import functional as F

from selfsup.errors import InputError

Pooling = Literal["mean", "max", "class_token", "grid"]
VectorPooling = Literal["mean", "max", "class_token"]  # those that keep the length D of a layer's tokens


@dataclass(frozen=True)
class Tokens:
    """``patches`` (N, L, D): a token for each position of ``grid``, (h, w) row by row, or (T,) along time.

    ``class_token`` is (N, D) where the layer has one. With ``keep`` (N, L') the patches are (N, L', D), those of these
    positions alone.
    """

    patches: Tensor
    grid: tuple[int, ...]
    class_token: Tensor | None = None
    keep: Tensor | None = None

    @classmethod
    def of_map(cls, layer: Tensor) -> "Tokens":
        """Return the tokens of a map (N, D, h, w) or (N, D, T)."""
        return cls(layer.flatten(2).transpose(1, 2), tuple(layer.shape[2:]))

    @property
    def map(self) -> Tensor:
        """(N, D, h, w) or (N, D, T); ValueError where only some positions were kept."""
        if self.keep is not None:
            raise ValueError("only some patches were kept, so they make no map")
        return self.patches.transpose(1, 2).reshape(len(self.patches), self.patches.shape[2], *self.grid)

    def float(self) -> "Tokens":
        """Return the tokens in float32."""
        class_token = None if self.class_token is None else self.class_token.float()
        return Tokens(self.patches.float(), self.grid, class_token, self.keep)


def pool(layer: Tokens, pooling: VectorPooling) -> Tensor:
    """Return (N, D): the mean or the largest value over a layer's positions, or its class token.

    Raises InputError for the class token of a layer that has none.
    """
    if pooling == "mean":
        return layer.patches.mean(1)
    if pooling == "max":
        return layer.patches.amax(1)
    if layer.class_token is None:
        raise InputError("pooling is class_token, and the layer has none; set pooling to mean or max")
    return layer.class_token


def pool_grid(layer: Tokens, values: int) -> Tensor:
    """Return (N, D g g): the mean over each cell of a g x g grid over a layer's map, channel by channel, row by row.

    g is the largest with D g g <= ``values``, at most the map's shorter side, at least 1. Cells overlap by a position where
    the grid does not divide the map.

    Source: Zhang et al. 2016 (Colorful image colorization), section 3.2, and Gidaris et al. 2018 (RotNet), table 5.
    Differs: they resize maps to about 9,000 values, RotNet by the largest value of each cell.
    """
    side = max(1, min(math.isqrt(values // layer.patches.shape[2]), *layer.grid))
    return F.adaptive_avg_pool2d(layer.map, side).flatten(1)
