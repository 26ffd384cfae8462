"""The momentum encoder, a moving average of another encoder, and BatchNorm statistics of parts of a batch."""

import copy
from collections.abc import Callable
from typing import TypeVar

import torch
from torch import Tensor, nn

Module = TypeVar("Module", bound=nn.Module)


def momentum_copy(query: Module) -> Module:
    """Return the initial key encoder: a copy of the query encoder that no gradient updates."""
    return copy.deepcopy(query).requires_grad_(False)


@torch.no_grad()
def update_momentum(key: nn.Module, query: nn.Module, momentum: float) -> None:
    """Set each parameter of ``key`` to momentum x itself + (1 - momentum) x that of ``query``, in place.

    BatchNorm's buffers are left alone: the key encoder runs in training mode and has its own statistics.

    Source: He et al. 2020 (MoCo), equation 2.
    """
    for of_key, of_query in zip(key.parameters(), query.parameters(), strict=True):
        of_key.mul_(momentum).add_(of_query, alpha=1 - momentum)


def forward_in_splits(forward: Callable[[Tensor], Tensor], x: Tensor, splits: int) -> Tensor:
    """Return ``forward(x)`` (N, D), with a call for each of ``splits`` consecutive parts of x (N, C, H, W).

    Source: He et al. 2020 (MoCo), section 3.3: per-device statistics, without which shuffling would change nothing.
    Differs: the paper's parts are devices and only the first one's running statistics are kept; here every part
    updates them in turn.
    """
    return torch.cat([forward(part) for part in x.tensor_split(splits)])
