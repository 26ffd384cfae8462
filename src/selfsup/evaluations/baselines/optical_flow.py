"""Optical flow as a tracker: masks and keypoints carried from frame to frame by a classical flow."""

from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F


def flow_tracks(clip: Tensor, mask: Tensor, keypoint: Tensor, objects: int) -> Iterator[tuple[Tensor, Tensor]]:
    """Yield mask uint8 (N, H, W) and keypoint (N, P, 2) of the second frame, the third ..., from those of the first.

    A pixel takes the mask, softly, of where the flow back to the frame before leads; a keypoint goes where the flow on
    leads. clip is uint8 (N, T, 3, H, W).

    Source: Kroeger et al. 2016 (Fast optical flow using dense inverse search), OpenCV's implementation, medium preset.
    """
    shares = F.one_hot(mask.long(), objects + 1).movedim(-1, 1).float()
    before = _grey(clip[:, 0])
    for frame in range(1, clip.shape[1]):
        now = _grey(clip[:, frame])
        shares = warped(shares, _flows(now, before).to(shares.device))
        if keypoint.shape[1]:
            keypoint = keypoint + _at(_flows(before, now).to(keypoint.device), keypoint)
        before = now
        yield shares.argmax(1).byte(), keypoint


def warped(maps: Tensor, flow: Tensor) -> Tensor:
    """Return maps (N, K, H, W) at the positions where flow (N, H, W, 2), x y pixels, leads from each pixel."""
    height, width = maps.shape[2:]
    x = torch.arange(width, device=maps.device) + 0.5 + flow[..., 0]
    y = torch.arange(height, device=maps.device)[:, None] + 0.5 + flow[..., 1]
    return F.grid_sample(maps, _grid(x, y, height, width), padding_mode="border", align_corners=False)


def _grey(images: Tensor) -> np.ndarray:
    """Return the mean of the colours uint8 (N, H, W) of images uint8 (N, 3, H, W)."""
    return images.float().mean(1).round().byte().cpu().numpy()


def _at(flow: Tensor, point: Tensor) -> Tensor:
    """Return the flow (N, P, 2) at points (N, P, 2), x y pixels; NaN stays NaN."""
    height, width = flow.shape[1:3]
    x, y = point[:, :, None].unbind(-1)
    grid = _grid(x, y, height, width)
    found = F.grid_sample(flow.movedim(-1, 1), torch.nan_to_num(grid), padding_mode="border", align_corners=False)
    return found[..., 0].transpose(1, 2)


def _grid(x: Tensor, y: Tensor, height: int, width: int) -> Tensor:
    return torch.stack(torch.broadcast_tensors(2 * x / width - 1, 2 * y / height - 1), -1)


def _flows(start: np.ndarray, end: np.ndarray) -> Tensor:
    """Return the flow (N, H, W, 2), x y pixels, from images uint8 (N, H, W) to others."""
    import cv2  # here: no other evaluation needs OpenCV

    cv2.setNumThreads(1)
    search = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    pairs = zip(start, end, strict=True)
    return torch.from_numpy(np.stack([search.calc(a, b, None) for a, b in pairs]))  # type: ignore[call-overload]
