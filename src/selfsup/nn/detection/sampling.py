"""Which boxes are trained to be which object: matching by overlap, and a random sample of the matches."""

import torch
from torch import Tensor

BACKGROUND, BETWEEN = -1, -2


def match(overlap: Tensor, *, foreground: float, background: float, keep_best: bool) -> Tensor:
    """Return for each of M boxes the object (M,) that it overlaps most, of ``overlap`` (G, M).

    It is BACKGROUND below that IoU, and BETWEEN from there to ``foreground``. With ``keep_best`` every object also keeps the
    boxes that overlap it most of all boxes, however little.

    Source: Ren et al. 2015 (Faster R-CNN), section 3.1.2.
    """
    if not len(overlap):
        return torch.full((overlap.shape[1],), BACKGROUND, device=overlap.device)
    best, nearest = overlap.max(0)
    matched = torch.where(best >= foreground, nearest, BETWEEN)
    matched = torch.where(best < background, BACKGROUND, matched)
    if keep_best:
        highest = overlap.max(1, keepdim=True).values
        kept = ((overlap == highest) & (highest > 0)).any(0)
        matched = torch.where(kept, nearest, matched)
    return matched


def sample(matched: Tensor, count: int, positive_share: float, rng: torch.Generator) -> tuple[Tensor, Tensor]:
    """Return random indices of boxes with an object, at most ``positive_share`` of ``count``, and of BACKGROUND to fill it."""
    positive, negative = ((matched >= 0).nonzero()[:, 0], (matched == BACKGROUND).nonzero()[:, 0])
    positive = _draw(positive, int(count * positive_share), rng)
    return positive, _draw(negative, count - len(positive), rng)


def _draw(index: Tensor, count: int, rng: torch.Generator) -> Tensor:
    return index[torch.randperm(len(index), generator=rng)[:count].to(index.device)]
