"""One map of all layers, whatever the layout of the encoder."""

import pytest
import torch
from torch.nn import functional as F

from selfsup.nn.encoder import build
from selfsup.nn.fusion import FusedMaps, averaged, enlarged

ENCODERS = [
    {"backbone": "small_conv", "width": 4},
    {"backbone": "vit", "size_px": 32, "patch_px": 16, "width": 8, "depth": 2, "heads": 2},
    {"parts": [{"backbone": "small_conv", "width": 4, "input": kind} for kind in ("lightness", "ab")]},
]


@pytest.mark.parametrize("description", ENCODERS)
@pytest.mark.parametrize("stride_px", [4, 8])
def test_every_layout_has_a_map_of_one_size_and_every_parameter_a_gradient(description, stride_px):
    encoder = build(description)
    fused = FusedMaps(encoder, 6, stride_px)
    x = torch.rand(2, 3, 32, 32)
    assert fused(x).shape == (2, 6, 32 // stride_px, 32 // stride_px)
    fused(x).square().sum().backward()
    assert all(parameter.grad is not None for parameter in fused.lateral.parameters())


def test_it_is_the_sum_of_the_resized_layers():
    encoder = build(ENCODERS[0]).eval()
    fused = FusedMaps(encoder, 6, 4)
    x = torch.rand(2, 3, 36, 32)
    maps = encoder.maps(x)
    expected = sum(
        F.interpolate(
            F.adaptive_avg_pool2d(level, tuple(min(a, b) for a, b in zip(level.shape[2:], (9, 8), strict=True))),
            (9, 8),
            mode="bilinear",
            align_corners=False,
        )
        for level in (fused.lateral[layer](maps[layer]) for layer in encoder.layers)
    )
    assert torch.allclose(fused(x), expected, atol=1e-5)


def test_a_map_of_that_size_stays_as_it_is():
    maps = torch.rand(1, 2, 5, 4)
    assert torch.equal(enlarged(averaged(maps, (5, 4)), (5, 4)), maps)


def test_one_axis_may_shrink_and_the_other_grow():
    maps = torch.rand(1, 2, 8, 3)
    assert averaged(maps, (4, 6)).shape == (1, 2, 4, 3)
    assert enlarged(averaged(maps, (4, 6)), (4, 6)).shape == (1, 2, 4, 6)
