"""Backbones: shapes at several sizes, and torchvision's own numbers."""

import pytest
import torch

from selfsup.nn import encoder
from selfsup.nn.backbones import alexnet, nin, place_conv, resnet, small_conv
from selfsup.nn.inputs import preprocess

SMALL = {"backbone": "small_conv", "width": 4}
RESNET = {"backbone": "resnet", "depth": 18, "stem": "cifar"}


def map_shapes(description, size_px):
    network = encoder.build(description).eval()
    with torch.no_grad():
        maps = network.maps(torch.zeros(2, 3, size_px, size_px, dtype=torch.uint8))
    assert {name: x.shape[1] for name, x in maps.items()} == network.layers
    return {name: tuple(x.shape[1:]) for name, x in maps.items()}


def parameters_of(built):
    stages, _ = built
    return sum(p.numel() for stage in stages.values() for p in stage.parameters())


def test_small_conv_halves_at_every_stage():
    assert map_shapes(SMALL, 32) == {"conv1": (4, 16, 16), "conv2": (8, 8, 8), "conv3": (16, 4, 4), "conv4": (32, 2, 2)}
    assert map_shapes(SMALL, 50)["conv4"] == (32, 4, 4)


def test_small_conv_has_the_stated_size():
    stages, channels = small_conv.build()
    count = sum(p.numel() for stage in stages.values() for p in stage.parameters())
    convolutions = 24 * 3 * 25 + 48 * 24 * 9 + 96 * 48 * 9 + 192 * 96 * 9
    assert count == convolutions + 2 * sum(channels.values())
    assert 0.21e6 < count < 0.23e6


@pytest.mark.parametrize(("stride", "sides"), [(4, (16, 12)), (8, (8, 6))])
def test_place_conv_keeps_a_quarter_or_an_eighth(stride, sides):
    network = encoder.build({"backbone": "place_conv", "width": 4, "stride": stride, "embedding": 10})
    with torch.no_grad():
        *_, last = network.maps(torch.zeros(1, 3, 64, 48, dtype=torch.uint8)).values()
    assert last.shape == (1, 10, *sides)


def test_place_conv_has_the_stated_size_and_sees_33_pixels():
    count = parameters_of(place_conv.build(in_channels=1))
    convolutions = 24 * 25 + 48 * 24 * 9 + 2 * 48 * 48 * 9
    assert count == convolutions + 2 * (24 + 3 * 48) + 48 * 64 + 64
    assert 0.05e6 < count < 0.07e6
    network = encoder.build({"backbone": "place_conv", "input": "lightness"}).eval()
    image = torch.rand(1, 3, 64, 64, requires_grad=True)
    (seen,) = torch.autograd.grad(list(network.maps(image).values())[-1][0, :, 8, 8].sum(), image)
    rows, columns = seen.abs().sum((0, 1)).nonzero().T
    assert (rows.max() - rows.min() + 1, columns.max() - columns.min() + 1) == (33, 33)


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
    resnet18 = pytest.importorskip("torchvision.models").resnet18

    theirs = resnet18()
    theirs.fc = torch.nn.Identity()
    ours = encoder.build({"backbone": "resnet", "depth": 18, "stem": "imagenet"})
    weights = {_renamed(name): tensor for name, tensor in theirs.state_dict().items()}
    ours.load_state_dict(weights)
    x = torch.rand(2, 3, 64, 64)
    with torch.no_grad():
        torch.testing.assert_close(ours.eval()(x), theirs.eval()(preprocess(x, "rgb")), rtol=1e-4, atol=1e-5)


def _renamed(name):
    head, rest = name.split(".", 1)
    return f"stages.stem.{['conv1', 'bn1'].index(head)}.{rest}" if head in ("conv1", "bn1") else f"stages.{name}"


def test_cifar_stem_is_initialised_as_the_other_layers():
    """Kaiming normal over the fan-out: a standard deviation of sqrt(2 / (64 x 9))."""
    torch.manual_seed(0)
    stages, _ = resnet.build(depth=18, stem="cifar")
    assert stages["stem"][0].weight.std().item() == pytest.approx((2 / (64 * 9)) ** 0.5, rel=0.1)


@pytest.mark.parametrize(("depth", "classes_part"), [(18, 513_000), (50, 2_049_000)])
def test_resnet_has_torchvisions_size_and_half_of_it_the_stated_channels(depth, classes_part):
    """11,689,512 and 25,557,032 parameters with the 1,000-way layer, as torchvision's documentation prints them."""
    published = {18: 11_689_512, 50: 25_557_032}[depth]
    assert parameters_of(resnet.build(depth=depth, stem="imagenet")) == published - classes_part
    half = {"backbone": "resnet", "depth": depth, "stem": "cifar", "width": 32}
    shapes = map_shapes(half, 32)
    assert shapes["stem"] == (32, 32, 32)
    assert shapes["layer4"] == (256 if depth == 18 else 1024, 4, 4)


def test_nin_has_the_papers_maps():
    maps = {"conv1": (96, 16, 16), "conv2": (192, 8, 8), "conv3": (192, 8, 8), "conv4": (192, 8, 8)}
    assert map_shapes({"backbone": "nin"}, 32) == maps
    assert map_shapes({"backbone": "nin", "blocks": 3, "width": 24}, 64)["conv3"] == (24, 16, 16)
    assert list(map_shapes({"backbone": "nin", "blocks": 5, "width": 12}, 32)) == [*maps, "conv5"]


@pytest.mark.parametrize("blocks", [3, 4, 5])
def test_nin_has_the_stated_size(blocks):
    """By hand for the weights of three convolutions a block, and a scale and a shift for each channel of BatchNorm."""
    first = 192 * 3 * 25 + 160 * 192 + 96 * 160 + 2 * (192 + 160 + 96)
    second = 192 * 96 * 25 + 2 * 192 * 192 + 2 * 3 * 192
    further = 192 * 192 * 9 + 2 * 192 * 192 + 2 * 3 * 192
    assert parameters_of(nin.build(blocks=blocks)) == first + second + (blocks - 2) * further


def test_narrow_nin_keeps_the_papers_ratios():
    assert nin.build(width=48)[1] == {"conv1": 24, "conv2": 48, "conv3": 48, "conv4": 48}
    widths = [m.out_channels for m in nin.build(width=48)[0]["conv1"] if isinstance(m, torch.nn.Conv2d)]
    assert widths == [48, 40, 24]


@pytest.mark.parametrize(
    ("stem", "size_px", "sides"),
    [
        ("small", 32, [16, 8, 4, 4, 4]),
        ("small", 64, [32, 16, 8, 8, 8]),
        ("imagenet", 224, [55, 27, 13, 13, 13]),
        ("imagenet", 63, [15, 7, 3, 3, 3]),
    ],
)
def test_alexnet_has_the_stated_maps(stem, size_px, sides):
    shapes = map_shapes({"backbone": "alexnet", "stem": stem, "width": 8}, size_px)
    expected = zip((8, 24, 48, 32, 32), sides, strict=True)
    assert list(shapes.values()) == [(channels, side, side) for channels, side in expected]
    assert list(shapes) == ["conv1", "conv2", "conv3", "conv4", "conv5"]


def test_alexnet_is_torchvisions_with_batch_norm():
    """BatchNorm that adds torchvision's biases and scales by one gives torchvision's maps before its last pool."""
    torchvisions = pytest.importorskip("torchvision.models").alexnet

    theirs = torchvisions().features[:12].eval()
    ours = encoder.build({"backbone": "alexnet", "stem": "imagenet"}).eval()
    convolutions = [module for module in theirs if isinstance(module, torch.nn.Conv2d)]
    for stage, convolution in zip(ours.stages.values(), convolutions, strict=True):
        mine, norm, _ = list(stage)[-3:]
        mine.load_state_dict({"weight": convolution.weight})
        norm.load_state_dict(norm.state_dict() | {"bias": convolution.bias, "running_var": torch.ones(len(norm.bias))})
        norm.eps = 0.0
    x = torch.rand(2, 3, 96, 96)
    with torch.no_grad():
        torch.testing.assert_close(ours.maps(x)["conv5"], theirs(preprocess(x, "rgb")), rtol=1e-4, atol=1e-5)
    biases = sum(len(convolution.bias) for convolution in convolutions)
    theirs_count = sum(p.numel() for p in theirs.parameters())
    assert parameters_of(alexnet.build(stem="imagenet")) == theirs_count + biases == 2_469_696 + 1_152


def test_dense_conv_gives_every_pixel_a_descriptor():
    network = encoder.build({"backbone": "dense_conv", "width": 4, "dimension": 3}).eval()
    maps = network.maps(torch.rand(2, 3, 32, 48))
    assert {name: tuple(found.shape[1:]) for name, found in maps.items()} == {
        "conv1": (4, 16, 24),
        "conv2": (8, 8, 12),
        **{f"conv{n}": (16, 8, 12) for n in (3, 4, 5)},
        "descriptor": (3, 32, 48),
    }
    assert network.layers == {name: found.shape[1] for name, found in maps.items()}


def test_dense_conv_sees_the_stated_pixels():
    """The gradient of one place of conv5 reaches 65 x 65 pixels."""
    torch.manual_seed(0)
    network = encoder.build({"backbone": "dense_conv", "width": 4, "dimension": 3}).eval()
    image = torch.rand(1, 3, 128, 128, requires_grad=True)
    network.maps(image)["conv5"][0, :, 16, 16].sum().backward()
    rows = image.grad.abs().sum((0, 1, 3)).nonzero()[:, 0]
    assert int(rows.max() - rows.min()) + 1 == 65


def test_dense_resnet_is_the_resnet_upsampled():
    network = encoder.build({"backbone": "dense_resnet", "width": 4, "depth": 18, "dimension": 5}).eval()
    maps = network.maps(torch.rand(1, 3, 32, 32))
    assert list(maps) == ["stem", "layer1", "layer2", "layer3", "layer4", "descriptor"]
    assert maps["layer4"].shape == (1, 32, 4, 4)
    assert maps["descriptor"].shape == (1, 5, 32, 32)
