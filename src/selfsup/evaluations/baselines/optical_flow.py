"""Optical flow as a tracker: masks and keypoints are moved from frame to frame by a classical flow."""

from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F


def flow_tracker(clip: Tensor, mask: Tensor, keypoint: Tensor, objects: int) -> Iterator[tuple[Tensor, Tensor]]:
    """Yield mask uint8 (N, H, W) and keypoint (N, P, 2) of each later frame of clip uint8 (N, T, 3, H, W) from the first's.

    Soft masks are sampled from the previous frame by the backward flow; keypoints are moved by the forward flow.

    Source: Kroeger et al. 2016 (Fast optical flow using dense inverse search), OpenCV's implementation.
    Differs: the medium preset ends at half of the resolution, which frames of 64 px do not bear; here its finest scale is 0.
    """
    shares = F.one_hot(mask.long(), objects + 1).movedim(-1, 1).float()
    before = _grey(clip[:, 0])
    for frame in range(1, clip.shape[1]):
        now = _grey(clip[:, frame])
        shares = warped(shares, _flows(now, before).to(shares.device))
        if keypoint.shape[1]:
            flow = _flows(before, now).to(keypoint.device).movedim(-1, 1)
            x, y = keypoint[:, :, None].unbind(-1)
            keypoint = keypoint + _sample(flow, x, y)[..., 0].transpose(1, 2)  # NaN stays NaN
        before = now
        yield shares.argmax(1).byte(), keypoint


def warped(maps: Tensor, flow: Tensor) -> Tensor:
    """Return maps (N, K, H, W) sampled at each pixel plus its flow (N, H, W, 2), x y pixels."""
    height, width = maps.shape[2:]
    x = torch.arange(width, device=maps.device) + 0.5 + flow[..., 0]
    y = torch.arange(height, device=maps.device)[:, None] + 0.5 + flow[..., 1]
    return _sample(maps, x, y)


def _sample(maps: Tensor, x: Tensor, y: Tensor) -> Tensor:
    """Return maps (N, K, H, W) at positions x and y in pixels, which broadcast to (N, H', W'): (N, K, H', W')."""
    height, width = maps.shape[2:]
    grid = torch.stack(torch.broadcast_tensors(2 * x / width - 1, 2 * y / height - 1), -1)
    return F.grid_sample(maps, torch.nan_to_num(grid), padding_mode="border", align_corners=False)


def _grey(images: Tensor) -> np.ndarray:
    """Return the mean of the colours uint8 (N, H, W) of images uint8 (N, 3, H, W)."""
    return images.float().mean(1).round().byte().cpu().numpy()


def _flows(start: np.ndarray, end: np.ndarray) -> Tensor:
    """Return the flow (N, H, W, 2), x y pixels, between images uint8 (N, H, W)."""
    import cv2  # here: no other evaluation needs OpenCV

    cv2.setNumThreads(1)
    flow = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    flow.setFinestScale(0)
    return torch.from_numpy(np.stack([flow.calc(a, b, None) for a, b in zip(start, end, strict=True)]))  # type: ignore[call-overload]
