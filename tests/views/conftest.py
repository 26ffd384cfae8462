"""Images with the statistics that matter here: smooth, edged, saturated, flat, black and white."""

import pytest
import torch
import torch.nn.functional as F


def natural_images(examples: int, height_px: int, width_px: int, seed: int = 0) -> torch.Tensor:
    """Return uint8 (N, 3, H, W): smooth colour fields with an edge and noise, the first four flat."""
    generator = torch.Generator().manual_seed(seed)
    coarse = torch.rand(examples, 3, 5, 5, generator=generator)
    images = F.interpolate(coarse, size=(height_px, width_px), mode="bilinear", align_corners=False)
    images[:, :, height_px // 3 :, : width_px // 2] *= torch.rand(examples, 3, 1, 1, generator=generator)
    images = 1.6 * images - 0.3 + 0.05 * torch.randn(images.shape, generator=generator)
    images[0], images[1], images[2] = 0, 1, 0.5
    images[3] = torch.tensor([1.0, 0.0, 0.0])[:, None, None]
    return images.clamp(0, 1).mul(255).round().to(torch.uint8)


@pytest.fixture(scope="session")
def images_32px() -> torch.Tensor:
    return natural_images(64, 32, 32)


@pytest.fixture(scope="session")
def images_64px() -> torch.Tensor:
    return natural_images(32, 64, 64)


@pytest.fixture(scope="session")
def images_40x56px() -> torch.Tensor:
    return natural_images(32, 40, 56)
