"""Features brought to mean 0 and deviation 1, so that one penalty means the same for every layer and method."""

from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class Standardisation:
    """Each feature's mean and 1 / deviation (D,) in float64; 0 for a constant feature, which then carries nothing."""

    mean: Tensor
    inverse_deviation: Tensor

    def __call__(self, features: Tensor) -> Tensor:
        """Return features (N, D) float64."""
        return (features.double() - self.mean) * self.inverse_deviation


def standardisation(features: Tensor) -> Standardisation:
    """Return the standardisation of training features (N, D); it sees no label.

    A deviation below the rounding of float32 is that of a constant.
    """
    deviation, mean = torch.std_mean(features.double(), dim=0, correction=0)
    varies = deviation > torch.finfo(torch.float32).eps * mean.abs()
    return Standardisation(mean, torch.where(varies, 1 / deviation, 0.0))
