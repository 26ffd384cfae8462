"""Random fields with the power spectrum 1/f^beta: the reliefs of backgrounds and the mottle of surfaces."""

import numpy as np
import torch
from torch import Tensor

OUTER = 2  # side of the painted field relative to the part that is cut out of it


def fractal_field(
    rng: np.random.Generator, size_px: int, *, beta: Tensor, anisotropy: Tensor, angle_rad: Tensor
) -> Tensor:
    """Return fields (N, H, W) of zero mean and unit variance with the power spectrum 1/f^beta.

    ``anisotropy`` above 1 stretches the field along ``angle_rad``, below 1 across it; all parameters are (N,). A sum of
    waves is periodic, so that opposite edges would be neighbours: each field is cut out of one of twice its side.
    """
    side_px = OUTER * size_px
    white = rng.standard_normal((len(beta), side_px, side_px), dtype=np.float32)
    frequencies = torch.fft.fftfreq(side_px), torch.fft.rfftfreq(side_px)
    amplitude = _amplitude(*frequencies, 0.5 / size_px, *(v[:, None, None] for v in (beta, anisotropy, angle_rad)))
    field = torch.fft.irfft2(torch.fft.rfft2(torch.from_numpy(white)) * amplitude, s=(side_px, side_px))
    field = field[:, :size_px, :size_px]
    field = field - field.mean((1, 2), keepdim=True)
    return field / field.std((1, 2), keepdim=True)


def _amplitude(down: Tensor, across: Tensor, lowest: float, beta: Tensor, anisotropy: Tensor, angle: Tensor) -> Tensor:
    """Return the amplitude (N, H, W) at frequencies (H,) and (W,), bounded below the ``lowest``, in periods a pixel."""
    y, x = down[:, None], across[None]
    along, aside = angle.cos() * x + angle.sin() * y, angle.cos() * y - angle.sin() * x
    power = along**2 * anisotropy + aside**2 / anisotropy + lowest**2
    return power.pow(-beta / 4)
