"""How good a fill is: errors inside the hole, and how much of the original's detail it has."""

from dataclasses import dataclass

import torch
from torch import Tensor

from selfsup.evaluations.metrics.bootstrap import mean, ratio
from selfsup.results import Measure

# The mean squared error of rounding to 8 bits: an image that fills without any other error has 58.9 dB, not infinity.
ROUNDING = 1 / (12 * 255**2)


@dataclass(frozen=True)
class FillQuality:
    """Of each image (M,), float64: mean absolute and squared error in its hole, gradient energy of fill and original."""

    absolute: Tensor
    squared: Tensor
    energy: Tensor
    energy_original: Tensor


def fill_quality(filled: Tensor, original: Tensor, mask: Tensor) -> FillQuality:
    """Return the quality of filled against original images uint8 (M, 3, H, W) with holes, mask (M, H, W) bool.

    Colours are in [0, 1]. The hole's pixels and channels count alike.
    """
    difference = (filled.double() - original.double()) / 255 * mask[:, None]
    values = 3 * mask.sum((1, 2))
    return FillQuality(
        difference.abs().sum((1, 2, 3)) / values,
        difference.square().sum((1, 2, 3)) / values,
        gradient_energy(filled, mask),
        gradient_energy(original, mask),
    )


def gradient_energy(images: Tensor, mask: Tensor) -> Tensor:
    """Return (M,) of images uint8 (M, 3, H, W): the sum of squared differences of neighbours, both inside the hole.

    The border between hole and context thus does not count: a seam is no detail. Mask is (M, H, W) bool.
    """
    values = images.double() / 255
    energy = torch.zeros(len(images), dtype=torch.float64, device=images.device)
    for axis in (1, 2):  # rows, columns
        inside = mask.narrow(axis, 1, mask.shape[axis] - 1) & mask.narrow(axis, 0, mask.shape[axis] - 1)
        energy += (values.diff(dim=axis + 1).square() * inside[:, None]).sum((1, 2, 3))
    return energy


def measures(quality: FillQuality, baseline: str = "") -> list[Measure]:
    """Return ``l1``, ``l2``, ``psnr`` and ``sharpness`` with 95 % bootstrap intervals over images.

    l1 and l2 are the mean absolute and squared error in percent of the range and of its square; psnr is the mean over
    images; sharpness is the fills' gradient energy in all over the originals', left out where the originals have none.

    Source: Pathak et al. 2016 (Context encoders), table 1, which has no sharpness.
    """
    psnr = -10 * quality.squared.clamp(min=ROUNDING).log10()
    found = [
        mean("l1", "%", 100 * quality.absolute, baseline=baseline),
        mean("l2", "%", 100 * quality.squared, baseline=baseline),
        mean("psnr", "dB", psnr, baseline=baseline),
    ]
    if quality.energy_original.sum() > 0:
        found.append(ratio("sharpness", "ratio", quality.energy, quality.energy_original, baseline=baseline))
    return found
