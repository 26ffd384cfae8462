"""Stored embeddings to compare with: the queue of the last K keys, and a memory bank of all training examples."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class Queue(nn.Module):
    """The last K keys, first in first out: ``entries`` (K, D), the oldest at row ``pointer``, both buffers.

    Before K keys were pushed, the rest are random unit vectors drawn from ``generator``.

    Source: He et al. 2020 (MoCo), section 3.2 and algorithm 1.
    Differs: the published code requires that the batch divides K; here a push wraps wherever it ends, and of a batch
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


class MemoryBank(nn.Module):
    """A unit vector for each training example: ``entries`` (M, D), a buffer, at first drawn from ``generator``.

    Source: Wu et al. 2018 (Unsupervised feature learning via non-parametric instance discrimination), section 3.1.
    """

    entries: Tensor

    def __init__(self, examples: int, features: int, generator: torch.Generator) -> None:
        super().__init__()
        entries = torch.randn(examples, features, generator=generator)
        self.register_buffer("entries", F.normalize(entries, dim=1))

    @torch.no_grad()
    def update(self, rows: Tensor, embeddings: Tensor, momentum: float) -> None:
        """Set the entries of ``rows`` (N,), all different, to momentum x themselves + (1 - momentum) x ``embeddings`` (N, D).

        ``embeddings`` are unit vectors; the entries are normalised to length 1 again.

        Source: the published code of Wu et al. 2018; He et al. 2020 (MoCo), section 3.2: the momentum is on an
        example's representations, not on an encoder.
        """
        mixed = momentum * self.entries[rows] + (1 - momentum) * embeddings.to(self.entries.dtype)
        self.entries[rows] = F.normalize(mixed, dim=1)
