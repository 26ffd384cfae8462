"""The memory bank: what the network last said of every training example."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class MemoryBank(nn.Module):
    """One unit vector for each training example, ``entries`` (M, D), a buffer, so that a checkpoint holds it.

    Before an example was seen, its entry is a random unit vector drawn from ``generator``.

    Source: Wu et al. 2018 (Unsupervised feature learning via non-parametric instance discrimination), section 3.1.
    """

    entries: Tensor

    def __init__(self, examples: int, features: int, generator: torch.Generator) -> None:
        super().__init__()
        entries = torch.randn(examples, features, generator=generator)
        self.register_buffer("entries", F.normalize(entries, dim=1))

    @torch.no_grad()
    def update(self, rows: Tensor, seen: Tensor, momentum: float) -> None:
        """Set the entries of ``rows`` (N,), all different, to momentum x themselves + (1 - momentum) x ``seen`` (N, D).

        ``seen`` are unit vectors; the entries are brought back to length 1.

        Source: the published code of Wu et al. 2018; He et al. 2020 (MoCo), section 3.2: the momentum is on an
        example's representations, not on an encoder.
        """
        mixed = momentum * self.entries[rows] + (1 - momentum) * seen.to(self.entries.dtype)
        self.entries[rows] = F.normalize(mixed, dim=1)
