"""The Vision Transformer: torchvision's numbers on the same weights, kept patches, attention, positions."""

import pytest
import torch
from torch import nn

from selfsup.errors import InputError
from selfsup.nn.backbones import vit
from selfsup.nn.encoder import build, digest, load_encoder, save_encoder
from selfsup.nn.inputs import preprocess
from selfsup.nn.network import NetworkEncoder

SMALL = {"backbone": "vit", "size_px": 32, "patch_px": 8, "width": 16, "depth": 2, "heads": 4}


def small(**changes):
    torch.manual_seed(0)
    encoder = build({**SMALL, **changes}).eval()
    with torch.no_grad():
        for parameter in encoder.parameters():  # zeros and ones would hide a term that is left out
            parameter.add_(0.1 * torch.randn_like(parameter))
    return encoder


def images(count=3, height_px=32, width_px=32):
    shape = (count, 3, height_px, width_px)
    return torch.randint(0, 256, shape, dtype=torch.uint8, generator=torch.Generator().manual_seed(1))


def test_layers_are_tokens_with_their_grid_and_a_class_token():
    encoder = small()
    tokens = encoder.tokens(images(height_px=24, width_px=40))
    assert isinstance(encoder, NetworkEncoder)
    assert list(tokens) == list(encoder.layers) == ["block1", "block2", "norm"]
    for layer, found in tokens.items():
        assert found.patches.shape == (3, 15, 16)
        assert found.grid == (3, 5)
        assert found.class_token.shape == (3, 16)
        assert encoder.layers[layer] == 16
        for row, column in ((0, 0), (2, 1), (1, 4)):
            torch.testing.assert_close(found.map[:, :, row, column], found.patches[:, 5 * row + column])


def test_the_tokens_are_torchvisions():
    from torchvision.models.vision_transformer import VisionTransformer

    theirs = VisionTransformer(32, 8, num_layers=2, num_heads=4, hidden_dim=16, mlp_dim=64, num_classes=5).eval()
    nn.init.normal_(theirs.encoder.pos_embedding)
    nn.init.normal_(theirs.class_token)
    ours = small()
    ours.network.load_state_dict(dict(_renamed(theirs.state_dict())))
    x = images()
    outputs = {}
    for name, module in {"block1": theirs.encoder.layers[0], "norm": theirs.encoder.ln}.items():
        module.register_forward_hook(lambda *call, name=name: outputs.update({name: call[2]}))
    with torch.no_grad():
        theirs(preprocess(x, "rgb"))
        tokens = ours.tokens(x)
    for layer, output in outputs.items():
        torch.testing.assert_close(tokens[layer].class_token, output[:, 0], rtol=1e-4, atol=1e-5)
        torch.testing.assert_close(tokens[layer].patches, output[:, 1:], rtol=1e-4, atol=1e-5)


def _renamed(state):
    inner = {
        "ln_1": "norm1",
        "ln_2": "norm2",
        "self_attention.in_proj_": "attn.qkv.",
        "self_attention.out_proj": "attn.proj",
        "mlp.0": "mlp.fc1",
        "mlp.3": "mlp.fc2",
        "encoder.layers.encoder_layer_": "blocks.",
        "encoder.ln": "norm",
        "encoder.pos_embedding": "pos_embed",
        "class_token": "cls_token",
        "conv_proj": "patch_embed.proj",
    }
    for name, tensor in state.items():
        for theirs, ours in inner.items():
            name = name.replace(theirs, ours)
        if not name.startswith("heads."):
            yield name, tensor


def brute_force(network, x, keep):
    """Return the layers and attention of one image (C, H, W), token by token and head by head, in float64."""
    p = {name: tensor.double() for name, tensor in network.state_dict().items()}
    patches = x.double().unfold(1, 8, 8).unfold(2, 8, 8).permute(1, 2, 0, 3, 4).flatten(0, 1).flatten(1)
    embedded = patches @ p["patch_embed.proj.weight"].flatten(1).T + p["patch_embed.proj.bias"] + p["pos_embed"][0, 1:]
    z = torch.stack([(p["cls_token"] + p["pos_embed"])[0, 0], *(embedded[i] for i in keep)])
    layers, attention = [], []

    def norm(z, name):
        centred = z - z.mean(1, keepdim=True)
        return (
            centred / (centred.square().mean(1, keepdim=True) + 1e-6).sqrt() * p[f"{name}.weight"] + p[f"{name}.bias"]
        )

    def linear(z, name):
        return z @ p[f"{name}.weight"].T + p[f"{name}.bias"]

    for number in range(2):
        block = f"blocks.{number}"
        query, key, value = linear(norm(z, f"{block}.norm1"), f"{block}.attn.qkv").split(16, 1)
        heads, weights = [], []
        for head in range(4):
            part = slice(4 * head, 4 * head + 4)
            scores = torch.exp(query[:, part] @ key[:, part].T / 2)
            weights.append(scores / scores.sum(1, keepdim=True))
            heads.append(weights[-1] @ value[:, part])
        z = z + linear(torch.cat(heads, 1), f"{block}.attn.proj")
        hidden = linear(norm(z, f"{block}.norm2"), f"{block}.mlp.fc1")
        z = z + linear(hidden * 0.5 * (1 + torch.erf(hidden / 2**0.5)), f"{block}.mlp.fc2")
        layers.append(z)
        attention.append(torch.stack(weights))
    return [*layers, norm(z, "norm")], attention


@pytest.mark.parametrize("keep", [None, [[3, 0, 11], [7, 8, 2]]])
def test_only_kept_patches_are_computed_in_their_order(keep):
    encoder, x = small(), images(2)
    with torch.no_grad():
        tokens = encoder.tokens(x, None if keep is None else torch.tensor(keep))
    for row, image in enumerate(preprocess(x, "rgb")):
        expected, _ = brute_force(encoder.network, image, range(16) if keep is None else keep[row])
        for found, layer in zip(tokens.values(), expected, strict=True):
            torch.testing.assert_close(found.class_token[row].double(), layer[0], rtol=1e-4, atol=1e-4)
            torch.testing.assert_close(found.patches[row].double(), layer[1:], rtol=1e-4, atol=1e-4)
    if keep is not None:
        assert tokens["norm"].keep.tolist() == keep
        with pytest.raises(ValueError, match="make no map"):
            _ = tokens["norm"].map


def test_attention_is_that_of_every_block():
    encoder, x = small(), images(2)
    assert encoder.attention_heads == {"block1": 4, "block2": 4}
    with torch.no_grad():
        found = encoder.attention(x)
    assert {name: tuple(weights.shape) for name, weights in found.items()} == dict.fromkeys(found, (2, 4, 17, 17))
    for row, image in enumerate(preprocess(x, "rgb")):
        _, expected = brute_force(encoder.network, image, range(16))
        for name, weights in zip(encoder.attention_heads, expected, strict=True):
            torch.testing.assert_close(found[name][row].double(), weights, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("pooling", ["mean", "max", "class_token"])
def test_an_images_feature_is_pooled_from_the_norm(pooling):
    encoder = small(pooling=pooling)
    with torch.no_grad():
        last, feature = encoder.tokens(images())["norm"], encoder(images())
    by_hand = {
        "mean": last.patches.mean(1),
        "max": last.patches.max(1).values,
        "class_token": last.class_token,
    }
    assert torch.equal(feature, by_hand[pooling])


def test_sine_positions_are_those_of_the_paper():
    """Row 1, column 2 of a grid of 2 x 3, width 8: two frequencies, 1 and 1/100, the column's first."""
    found = vit.sincos((2, 3), 8)[1 * 3 + 2].double()
    column, row = torch.tensor([2.0, 0.02]).double(), torch.tensor([1.0, 0.01]).double()
    torch.testing.assert_close(found, torch.cat([column.sin(), column.cos(), row.sin(), row.cos()]), rtol=0, atol=1e-6)
    encoder = small(positions="sincos")
    assert not [name for name in encoder.state_dict() if "pos_embed" in name]
    assert encoder(images(height_px=48)).shape == (3, 16)


def test_learned_positions_are_interpolated_for_other_images():
    encoder = small()
    with torch.no_grad():
        encoder.network.pos_embed[:, 1:] = torch.arange(16.0)  # the same at every position: it must stay so
        of_class, of_patches = encoder.network._positions((3, 7), torch.device("cpu"))
    torch.testing.assert_close(of_patches, torch.arange(16.0).expand(1, 21, 16))
    assert torch.equal(of_class, encoder.network.pos_embed[:, :1])


def test_returns_from_disk(tmp_path):
    encoder = small(class_token=False)
    save_encoder(encoder, tmp_path)
    loaded = load_encoder(tmp_path)
    assert digest(loaded) == digest(encoder)
    assert torch.equal(loaded(images()), encoder(images()))
    assert loaded.tokens(images())["norm"].class_token is None


def test_vit_small_has_the_published_size():
    """21.67 million parameters without a classifier, as DINO's model card says 21M."""
    made = vit.build(size_px=224, patch_px=16, width=384, depth=12, heads=6)
    assert sum(p.numel() for p in made.parameters()) == 21_665_664


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"patch_px": 5}, "encoder.size_px is 32"),
        ({"width": 18}, "encoder.width is 18"),
        ({"width": 6, "heads": 2, "positions": "sincos"}, "encoder.width is 6"),
        ({"class_token": False, "pooling": "class_token"}, "encoder.pooling is class_token"),
    ],
)
def test_what_cannot_be_built_is_one_sentence(changes, sentence):
    with pytest.raises(InputError, match=sentence):
        build({**SMALL, **changes})


def test_images_that_are_no_multiple_of_the_patch_are_one_sentence():
    with pytest.raises(InputError, match="30 x 32 pixels"):
        small()(images(height_px=30))
