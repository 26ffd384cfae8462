"""Random homographies, the correspondences of pixels under them, and random photometric changes."""

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

# The corners of an image that covers [-1, 1]^2, x to the right, y downwards.
CORNERS = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]], np.float64)


def draw_homography(
    rng: np.random.Generator, *, turn_deg: float, scale: tuple[float, float], corner_shift: float
) -> np.ndarray:
    """Return a homography (3, 3) of positions in [-1, 1]^2: a rotation, a scale, and an independent shift of each corner.

    The rotation is up to ``turn_deg`` either way, the scale between the two of ``scale``, the shift of a corner up to
    ``corner_shift`` of the image's side; below a quarter the map is invertible.

    Source: DeTone et al. 2016 (Deep image homography estimation), section 2: a homography by its four corners.
    """
    angle, size = np.deg2rad(rng.uniform(-turn_deg, turn_deg)), rng.uniform(*scale)
    turn = size * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    return of_corners(CORNERS @ turn.T + 2 * corner_shift * rng.uniform(-1, 1, (4, 2)))


def of_corners(corners: np.ndarray) -> np.ndarray:
    """Return the homography (3, 3) that maps CORNERS to ``corners`` (4, 2), with last entry 1."""
    rows, values = [], []
    for (x, y), (u, v) in zip(CORNERS, corners, strict=True):
        rows += [[x, y, 1, 0, 0, 0, -u * x, -u * y], [0, 0, 0, x, y, 1, -v * x, -v * y]]
        values += [u, v]
    return np.append(np.linalg.solve(np.array(rows), np.array(values)), 1).reshape(3, 3)


def moved(homography: np.ndarray, positions: np.ndarray) -> np.ndarray:
    """Return positions (..., 2) mapped by a homography, NaN for those mapped to infinity or beyond."""
    homogeneous = np.concatenate([positions, np.ones_like(positions[..., :1])], -1) @ homography.T
    depth = np.where(homogeneous[..., 2:] > 1e-6, homogeneous[..., 2:], np.nan)
    return np.asarray(homogeneous[..., :2] / depth)


def centres(size_px: int) -> np.ndarray:
    """Return the positions (H, W, 2) of the pixels' centres in [-1, 1]^2."""
    line = (np.arange(size_px) + 0.5) / size_px * 2 - 1
    return np.stack(np.meshgrid(line, line), -1)


def warp(image: np.ndarray, homography: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return a square image float32 (3, H, W) warped by a homography, black outside, and a mask of its inside (H, W)."""
    source = moved(np.linalg.inv(homography), centres(image.shape[-1]))
    inside = (np.abs(source) <= 1).all(-1)
    positions = torch.from_numpy(np.nan_to_num(source, nan=2.0).astype(np.float32))
    warped: Tensor = F.grid_sample(
        torch.from_numpy(image)[None], positions[None], padding_mode="border", align_corners=False
    )[0]
    return np.where(inside, warped.numpy(), np.float32(0)), inside


def matches(homography: np.ndarray, size_px: int) -> np.ndarray:
    """Return float32 (H, W, 2): x y in pixels that each pixel's centre is mapped to, NaN where that is outside."""
    positions = (moved(homography, centres(size_px)) + 1) / 2 * size_px
    inside = np.all((positions >= 0) & (positions < size_px), -1)
    return np.where(inside[..., None], positions, np.nan).astype(np.float32)


def photometric(image: np.ndarray, rng: np.random.Generator, *, strength: float, noise: float) -> np.ndarray:
    """Return an image float32 (3, H, W) in [0, 1] with random contrast, brightness, colour of light and camera noise.

    ``strength`` bounds the logarithm of the contrast and of each colour's gain, and half of it bounds the shift of
    brightness; ``noise`` bounds the standard deviation of the noise.
    """
    contrast, shift = np.exp(rng.uniform(-strength, strength)), rng.uniform(-strength, strength) / 2
    gain = np.exp(rng.uniform(-strength, strength, (3, 1, 1)))
    changed = ((image - 0.5) * contrast + 0.5 + shift) * gain
    grain = rng.uniform(0, noise) * rng.standard_normal(image.shape)
    return np.asarray(changed + grain).clip(0, 1).astype(np.float32)
