"""NT-Xent, the normalised temperature-scaled cross entropy of SimCLR."""

import torch
from torch import Tensor
from torch.nn import functional as F


def nt_xent(first: Tensor, second: Tensor, temperature: float) -> tuple[Tensor, Tensor]:
    """Return the loss and whether each of the 2N rows has its positive as nearest neighbour, bool (2N,).

    ``first`` and ``second`` (N, D) are the projections of two views of the same N images, of any length: compared is
    their cosine. Each row's positive is the same image's other view, its negatives are the 2(N - 1) others, and
    the loss is the mean over the 2N rows.

    Source: Chen et al. 2020 (SimCLR), equation 1 and algorithm 1.
    Differs: from the published code, which returns twice this, a sum of two means.
    """
    z = F.normalize(torch.cat([first, second]), dim=1)
    rows = torch.arange(len(z), device=z.device)
    positive = rows.roll(len(first))
    itself = rows[:, None] == rows
    logits = (z @ z.T / temperature).masked_fill(itself, -torch.inf)
    return F.cross_entropy(logits, positive), logits.detach().argmax(1) == positive
