import torch
from torch.nn import functional as F

from selfsup.nn.full_resolution import full_resolution


def test_it_is_a_linear_layer_and_upsampling_in_either_order():
    torch.manual_seed(0)
    descriptor, maps = full_resolution(6, 3, stride=4), torch.randn(2, 6, 5, 4)
    found = descriptor(maps)
    assert found.shape == (2, 3, 20, 16)
    upsampled = F.interpolate(maps, scale_factor=4, mode="bilinear", align_corners=False)
    assert torch.allclose(found, descriptor[0](upsampled), atol=1e-5)
