"""The queue of negatives: the last K keys, first in first out."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class Queue(nn.Module):
    """The last K keys. ``entries`` (K, D), the oldest at row ``pointer``; both are buffers, so a checkpoint holds them.

    Before K keys were pushed, the rest are random unit vectors drawn from ``generator``.

    Source: He et al. 2020 (MoCo), section 3.2 and algorithm 1.
    Differs: the published code asks that the batch divides K; here a push wraps wherever it ends, and of a batch
    longer than K the last K rows stay.
    """

    entries: Tensor
    pointer: Tensor

    def __init__(self, length: int, features: int, generator: torch.Generator) -> None:
        super().__init__()
        entries = torch.randn(length, features, generator=generator)
        self.register_buffer("entries", F.normalize(entries, dim=1))
        self.register_buffer("pointer", torch.zeros((), dtype=torch.long))

    @torch.no_grad()
    def push(self, keys: Tensor) -> None:
        """Replace the oldest entries by ``keys`` (N, D), in their order."""
        length = len(self.entries)
        rows = (self.pointer + torch.arange(len(keys), device=keys.device)) % length
        self.entries[rows[-length:]] = keys[-length:].to(self.entries.dtype)
        self.pointer.copy_((self.pointer + len(keys)) % length)
