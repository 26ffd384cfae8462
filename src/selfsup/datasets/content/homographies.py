"""Random homographies: an image seen from elsewhere, and where each of its pixels went."""

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

# The corners of an image that spans [-1, 1]^2, x to the right, y downwards.
CORNERS = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]], np.float64)


def draw_homography(
    rng: np.random.Generator, *, turn_deg: float, scale: tuple[float, float], corner_shift: float
) -> np.ndarray:
    """Return a homography (3, 3) of positions in [-1, 1]^2: a turn, a scale, and each corner moved by itself.

    The turn is up to ``turn_deg`` either way, the scale between the two of ``scale``, the corners' shift up to
    ``corner_shift`` of the image's side, below a quarter, so that no line is seen from its end.

    Source: DeTone et al. 2016 (Deep image homography estimation), section 2: a homography by its four corners.
    """
    angle, size = np.deg2rad(rng.uniform(-turn_deg, turn_deg)), rng.uniform(*scale)
    turn = size * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    return of_corners(CORNERS @ turn.T + 2 * corner_shift * rng.uniform(-1, 1, (4, 2)))


def of_corners(corners: np.ndarray) -> np.ndarray:
    """Return the homography (3, 3) that takes CORNERS to these (4, 2), its last entry 1."""
    rows, values = [], []
    for (x, y), (u, v) in zip(CORNERS, corners, strict=True):
        rows += [[x, y, 1, 0, 0, 0, -u * x, -u * y], [0, 0, 0, x, y, 1, -v * x, -v * y]]
        values += [u, v]
    return np.append(np.linalg.solve(np.array(rows), np.array(values)), 1).reshape(3, 3)


def moved(homography: np.ndarray, places: np.ndarray) -> np.ndarray:
    """Return where a homography takes places (..., 2), NaN for what it takes to infinity or beyond."""
    found = np.concatenate([places, np.ones_like(places[..., :1])], -1) @ homography.T
    depth = np.where(found[..., 2:] > 1e-6, found[..., 2:], np.nan)
    return np.asarray(found[..., :2] / depth)


def centres(size_px: int) -> np.ndarray:
    """Return the places (H, W, 2) of the pixels' centres in [-1, 1]^2."""
    line = (np.arange(size_px) + 0.5) / size_px * 2 - 1
    return np.stack(np.meshgrid(line, line), -1)


def warp(image: np.ndarray, homography: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return a square image float32 (3, H, W) as it looks after a homography, black where it ends, and bool (H, W) of where
    it does not."""
    source = moved(np.linalg.inv(homography), centres(image.shape[-1]))
    inside = (np.abs(source) <= 1).all(-1)
    places = torch.from_numpy(np.nan_to_num(source, nan=2.0).astype(np.float32))
    seen: Tensor = F.grid_sample(
        torch.from_numpy(image)[None], places[None], padding_mode="border", align_corners=False
    )[0]
    return np.where(inside, seen.numpy(), np.float32(0)), inside


def matches(homography: np.ndarray, size_px: int) -> np.ndarray:
    """Return float32 (H, W, 2): x y in pixels of where each pixel's centre went, NaN where that is outside the image."""
    places = (moved(homography, centres(size_px)) + 1) / 2 * size_px
    inside = np.all((places >= 0) & (places < size_px), -1)
    return np.where(inside[..., None], places, np.nan).astype(np.float32)
