"""Backbones: shapes at several sizes, and torchvision's own numbers."""

import pytest
import torch

from selfsup.nn import encoder
from selfsup.nn.backbones import resnet, small_conv
from selfsup.nn.inputs import seen

SMALL = {"backbone": "small_conv", "width": 4}
RESNET = {"backbone": "resnet", "depth": 18, "stem": "cifar"}


def map_shapes(description, size_px):
    network = encoder.build(description).eval()
    with torch.no_grad():
        maps = network.maps(torch.zeros(2, 3, size_px, size_px, dtype=torch.uint8))
    assert {name: x.shape[1] for name, x in maps.items()} == network.layers
    return {name: tuple(x.shape[1:]) for name, x in maps.items()}


def test_small_conv_halves_at_every_stage():
    assert map_shapes(SMALL, 32) == {"conv1": (4, 16, 16), "conv2": (8, 8, 8), "conv3": (16, 4, 4), "conv4": (32, 2, 2)}
    assert map_shapes(SMALL, 50)["conv4"] == (32, 4, 4)


def test_small_conv_has_the_stated_size():
    stages, channels = small_conv.build()
    count = sum(p.numel() for stage in stages.values() for p in stage.parameters())
    convolutions = 24 * 3 * 25 + 48 * 24 * 9 + 96 * 48 * 9 + 192 * 96 * 9
    assert count == convolutions + 2 * sum(channels.values())
    assert 0.21e6 < count < 0.23e6


def test_cifar_stem_keeps_the_resolution():
    shapes = map_shapes(RESNET, 32)
    assert shapes["stem"] == (64, 32, 32)
    assert shapes["layer1"] == (64, 32, 32)
    assert shapes["layer4"] == (512, 4, 4)


@pytest.mark.parametrize(("depth", "features"), [(18, 512), (50, 2048)])
def test_imagenet_stem_divides_by_32(depth, features):
    shapes = map_shapes({"backbone": "resnet", "depth": depth, "stem": "imagenet"}, 64)
    assert shapes["stem"] == (64, 16, 16)
    assert shapes["layer4"] == (features, 2, 2)


def test_resnet_features_are_torchvisions():
    """Same weights, same images: the encoder's features are torchvision's pooled ones."""
    from torchvision.models import resnet18

    theirs = resnet18()
    theirs.fc = torch.nn.Identity()
    ours = encoder.build({"backbone": "resnet", "depth": 18, "stem": "imagenet"})
    weights = {_renamed(name): tensor for name, tensor in theirs.state_dict().items()}
    ours.load_state_dict(weights)
    x = torch.rand(2, 3, 64, 64)
    with torch.no_grad():
        torch.testing.assert_close(ours.eval()(x), theirs.eval()(seen(x, "rgb")), rtol=1e-4, atol=1e-5)


def _renamed(name):
    head, rest = name.split(".", 1)
    return f"stages.stem.{['conv1', 'bn1'].index(head)}.{rest}" if head in ("conv1", "bn1") else f"stages.{name}"


def test_cifar_stem_is_initialised_as_the_other_layers():
    """Kaiming normal over the fan-out: a standard deviation of sqrt(2 / (64 x 9))."""
    torch.manual_seed(0)
    stages, _ = resnet.build(depth=18, stem="cifar")
    assert stages["stem"][0].weight.std().item() == pytest.approx((2 / (64 * 9)) ** 0.5, rel=0.1)
