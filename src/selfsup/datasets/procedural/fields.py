"""Random textures with the spectrum of natural surfaces."""

import numpy as np
import torch
from torch import Tensor


def fractal_field(
    rng: np.random.Generator, size_px: int, *, beta: Tensor, anisotropy: Tensor, angle_rad: Tensor
) -> Tensor:
    """Return fields (N, H, W) of zero mean and unit variance with the power spectrum 1/f^beta.

    ``anisotropy`` above 1 stretches the field along ``angle_rad``, below 1 across it; all parameters are (N,).
    """
    white = rng.standard_normal((len(beta), size_px, size_px), dtype=np.float32)
    amplitude = _amplitude(size_px, *(values[:, None, None] for values in (beta, anisotropy, angle_rad)))
    field = torch.fft.irfft2(torch.fft.rfft2(torch.from_numpy(white)) * amplitude, s=(size_px, size_px))
    field = field - field.mean((1, 2), keepdim=True)
    return field / field.std((1, 2), keepdim=True)


def _amplitude(size_px: int, beta: Tensor, anisotropy: Tensor, angle_rad: Tensor) -> Tensor:
    """Return the amplitude (N, H, W // 2 + 1) of every frequency, bounded below half a period per image."""
    y, x = torch.fft.fftfreq(size_px)[:, None], torch.fft.rfftfreq(size_px)[None]
    along = angle_rad.cos() * x + angle_rad.sin() * y
    across = angle_rad.cos() * y - angle_rad.sin() * x
    power = along**2 * anisotropy + across**2 / anisotropy + (0.5 / size_px) ** 2
    return power.pow(-beta / 4)
