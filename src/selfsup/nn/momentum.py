"""The momentum encoder: a slowly moving average of another encoder."""

import copy
from typing import TypeVar

import torch
from torch import nn

Module = TypeVar("Module", bound=nn.Module)


def momentum_copy(query: Module) -> Module:
    """Return the key encoder at its start: equal to the query encoder, and no gradient ever moves it."""
    return copy.deepcopy(query).requires_grad_(False)


@torch.no_grad()
def update_momentum(key: nn.Module, query: nn.Module, momentum: float) -> None:
    """Set each parameter of ``key`` to momentum x itself + (1 - momentum) x that of ``query``, in place.

    BatchNorm's buffers are left alone: the key encoder runs in training mode and gathers its own statistics.

    Source: He et al. 2020 (MoCo), equation 2.
    """
    for of_key, of_query in zip(key.parameters(), query.parameters(), strict=True):
        of_key.mul_(momentum).add_(of_query, alpha=1 - momentum)
