"""Pooling: from a layer's tokens to one vector."""

from typing import Literal

from torch import Tensor

from selfsup.errors import InputError
from selfsup.nn.tokens import Tokens

Pooling = Literal["mean", "max", "class_token"]


def pool(layer: Tokens, pooling: Pooling) -> Tensor:
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
