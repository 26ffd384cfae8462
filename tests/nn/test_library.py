"""Architectures of torchvision and timm: their own outputs, as layers of an encoder."""

import copy
import importlib.util
import sys

import pytest
import torch
from torchvision import models

from selfsup.errors import InputError
from selfsup.nn.encoder import build
from selfsup.nn.inputs import preprocess

RESNET = {
    "backbone": "library",
    "library": "torchvision",
    "architecture": "resnet18",
    "layers": {"layer1": 64, "layer4": 512},
}
SWIN = RESNET | {"architecture": "swin_t", "layers": {"features.1": 96}, "layout": "maps_channels_last"}
VIT = RESNET | {
    "architecture": "vit_b_32",
    "arguments": {"image_size": 64},
    "layers": {"encoder.layers.encoder_layer_0": 768, "encoder.ln": 768},
    "layout": "tokens",
    "prefix_tokens": 1,
}


def outputs_of(model, names, x):
    found = {}
    for name in names:
        model.get_submodule(name).register_forward_hook(lambda *call, name=name: found.update({name: call[2]}))
    with torch.no_grad():
        model.eval()(x)
    return found


@pytest.mark.parametrize("description", [RESNET, SWIN, VIT], ids=lambda found: found["architecture"])
def test_layers_are_the_outputs_of_the_librarys_modules(description):
    model = models.get_model(description["architecture"], **description.get("arguments", {}))
    encoder = build(description).eval()
    state = encoder.network.published.state_dict()
    encoder.network.published.load_state_dict({name: model.state_dict()[name] for name in state})
    x = torch.rand(2, 3, 64, 64)
    expected = outputs_of(model, description["layers"], preprocess(x, "rgb"))
    with torch.no_grad():
        tokens, maps = encoder.tokens(x), encoder.maps(x)
    assert list(tokens) == list(description["layers"])
    for layer, output in expected.items():
        if description["architecture"] == "vit_b_32":
            torch.testing.assert_close(tokens[layer].class_token, output[:, 0])
            torch.testing.assert_close(tokens[layer].patches, output[:, 1:])
            assert tokens[layer].grid == (2, 2)
        else:
            as_maps = output if description is RESNET else output.permute(0, 3, 1, 2)
            torch.testing.assert_close(maps[layer], as_maps)
            assert tokens[layer].class_token is None
    assert encoder.attention(x) == {}


def test_what_no_layer_needs_is_dropped_and_a_copy_is_the_same_network():
    encoder = build(RESNET).eval()
    assert not [name for name in encoder.state_dict() if ".fc." in name]
    x = torch.rand(1, 3, 32, 32)
    assert torch.equal(copy.deepcopy(encoder).eval()(x), encoder(x))
    assert encoder.train()(torch.rand(2, 3, 32, 32)).requires_grad


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"architecture": "resnet17"}, "encoder.architecture is resnet17, but torchvision reports"),
        ({"layers": {"layer9": 512}}, "encoder.layers is layer9"),
        ({"arguments": {"depth": 3}}, "encoder.architecture is resnet18, but torchvision reports"),
        ({"input": "lightness"}, "three channels"),
    ],
)
def test_what_the_library_does_not_have_is_one_sentence(changes, sentence):
    with pytest.raises(InputError, match=sentence):
        build(RESNET | changes)


@pytest.mark.parametrize(
    "changes", [{"layers": {"layer4": 100}}, {"layout": "maps_channels_last"}, {"layout": "tokens"}]
)
def test_a_layer_that_returns_something_else_is_one_sentence(changes):
    with pytest.raises(InputError, match=r"encoder\.layers\.layer\d is .*but the layer returns \(1, "):
        build(RESNET | changes).eval()(torch.zeros(1, 3, 32, 32))


def test_a_library_that_is_not_installed_is_one_sentence(monkeypatch):
    monkeypatch.setitem(sys.modules, "timm", None)
    with pytest.raises(InputError, match=r"encoder\.library is timm, which is not installed; run `pip install timm`"):
        build(RESNET | {"library": "timm"})


def test_convolutions_cannot_leave_patches_out():
    for description in (RESNET, {"backbone": "small_conv"}):
        with pytest.raises(InputError, match=r"encoder.backbone \w+ cannot leave patches out"):
            build(description).tokens(torch.zeros(1, 3, 32, 32), torch.zeros(1, 2, dtype=torch.int64))


@pytest.mark.skipif(importlib.util.find_spec("timm") is None, reason="timm is an optional dependency")
def test_timm_gives_its_own_tokens():
    import timm

    description = {
        "backbone": "library",
        "library": "timm",
        "architecture": "vit_tiny_patch16_224",
        "arguments": {"img_size": 32},
        "layers": {"blocks.0": 192, "norm": 192},
        "layout": "tokens",
        "prefix_tokens": 1,
    }
    model = timm.create_model("vit_tiny_patch16_224", img_size=32).eval()
    encoder = build(description).eval()
    state = encoder.network.published.state_dict()
    encoder.network.published.load_state_dict({name: model.state_dict()[name] for name in state})
    ours = build({"backbone": "vit", "size_px": 32, "patch_px": 16, "width": 192, "depth": 12, "heads": 3}).eval()
    ours.network.load_state_dict({name: t for name, t in model.state_dict().items() if not name.startswith("head.")})
    x = torch.rand(2, 3, 32, 32)
    with torch.no_grad():
        expected = model.forward_features(preprocess(x, "rgb"))
        for found in (encoder.tokens(x)["norm"], ours.tokens(x)["norm"]):
            torch.testing.assert_close(found.class_token, expected[:, 0], rtol=1e-4, atol=1e-5)
            torch.testing.assert_close(found.patches, expected[:, 1:], rtol=1e-4, atol=1e-5)
