"""NT-Xent, the normalised temperature-scaled cross entropy of SimCLR."""

import torch
from torch import Tensor
from torch.nn import functional as F


def nt_xent(first: Tensor, second: Tensor, temperature: float) -> tuple[Tensor, Tensor]:
    """Return the loss and whether each of the 2N rows has its positive as nearest neighbour, bool (2N,).

    ``first`` and ``second`` (N, D) are the projections of two views of the same N images, compared by their cosine. Each
    row's positive is the other view of the same image, its negatives are the 2(N - 1) other rows, and the loss is the
    mean over the 2N rows. Computed in float32 at least, under autocast too: bfloat16 has 8 bits, and dividing by the
    temperature amplifies its rounding errors.

    Source: Chen et al. 2020 (SimCLR), equation 1 and algorithm 1.
    Differs: the published code returns twice this value, a sum of two means.
    """
    with torch.autocast(first.device.type, enabled=False):
        both = torch.cat([first, second]).to(torch.promote_types(first.dtype, torch.float32))
        z = F.normalize(both, dim=1)
        rows = torch.arange(len(z), device=z.device)
        positive = rows.roll(len(first))
        itself = rows[:, None] == rows
        logits = (z @ z.T / temperature).masked_fill(itself, -torch.inf)
        return F.cross_entropy(logits, positive), logits.detach().argmax(1) == positive
