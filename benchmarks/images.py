"""Images in memory for the benchmarks: smooth colour fields with edges and noise; costs do not depend on their content."""

import torch
import torch.nn.functional as F
from torch import Tensor


def in_memory_images(examples: int, size_px: int) -> Tensor:
    """Return uint8 (N, 3, size_px, size_px), the same in every call."""
    generator = torch.Generator().manual_seed(0)
    coarse = torch.rand(examples, 3, 6, 6, generator=generator)
    images = F.interpolate(coarse, size=(size_px, size_px), mode="bilinear", align_corners=False)
    images[:, :, size_px // 3 :, : size_px // 2] *= torch.rand(examples, 3, 1, 1, generator=generator)
    images += 0.03 * torch.randn(images.shape, generator=generator)
    return images.clamp(0, 1).mul(255).round().to(torch.uint8)
