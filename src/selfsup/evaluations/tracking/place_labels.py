"""Masks and keypoints as labels of places, and back: what is propagated lies on the embedding's map."""

import torch
from torch import Tensor
from torch.nn import functional as F

SPREAD = 1.0  # standard deviation of a keypoint's heat, in places


def place_labels(mask: Tensor, keypoint: Tensor, objects: int, grid: torch.Size) -> Tensor:
    """Return labels (N, 1 + objects + P, H', W'): the share of background and of each object, and each keypoint's heat.

    mask is uint8 (N, H, W) of object numbers, keypoint (N, P, 2) x y pixels, without heat where NaN.
    """
    shares = F.interpolate(F.one_hot(mask.long(), objects + 1).movedim(-1, 1).float(), size=grid, mode="area")
    scale = torch.tensor([grid[1] / mask.shape[2], grid[0] / mask.shape[1]], device=mask.device)
    x, y = (keypoint * scale)[..., None, None].unbind(2)
    across = torch.arange(grid[1], device=mask.device) + 0.5 - x
    down = torch.arange(grid[0], device=mask.device)[:, None] + 0.5 - y
    heat = torch.exp(-(across**2 + down**2) / (2 * SPREAD**2))
    return torch.cat([shares, torch.nan_to_num(heat)], 1)


def from_places(labels: Tensor, objects: int, size: torch.Size) -> tuple[Tensor, Tensor]:
    """Return mask uint8 (N, H, W) and keypoint (N, P, 2) of labels (N, 1 + objects + P, H', W'): the largest at each pixel
    of an image of this size, and where each heat is largest."""
    shown = F.interpolate(labels, size=size, mode="bilinear", align_corners=False)
    mask = shown[:, : objects + 1].argmax(1).byte()
    where = shown[:, objects + 1 :].flatten(2).argmax(2)
    return mask, torch.stack([where % size[1], where // size[1]], -1) + 0.5
