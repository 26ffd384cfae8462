"""What an encoder takes besides images: waveforms and tokens, with one axis of time."""

import pytest
import torch
from torch import nn

from selfsup.nn.encoder import ConcatenatedEncoder, Encoder, ProjectedEncoder, StagedEncoder, build
from selfsup.nn.network import NetworkEncoder

SMALL = {"backbone": "small_conv", "width": 2}
VIT = {"backbone": "vit", "size_px": 32, "patch_px": 8, "width": 8, "depth": 1, "heads": 2}
HEAD = {"kind": "linear", "out_dim": 5}


class Context(nn.Module):
    """Tokens (N, L) to (N, C, L)."""

    def __init__(self) -> None:
        super().__init__()
        self.embedding = nn.Embedding(10, 4)

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        return self.embedding(tokens).transpose(1, 2)


def test_a_waveform_is_heard_alike_as_int16_and_as_float():
    torch.manual_seed(0)
    stages = {"conv1": nn.Conv1d(1, 4, 10, 5), "conv2": nn.Conv1d(4, 6, 8, 4)}
    encoder = StagedEncoder(stages, {"conv1": 4, "conv2": 6}, {"input": "waveform"})
    waveform = torch.randint(-32768, 32767, (3, 400), dtype=torch.int16)
    maps = encoder.maps(waveform)
    assert encoder.modality == "waveform"
    assert {name: tuple(found.shape) for name, found in maps.items()} == {"conv1": (3, 4, 79), "conv2": (3, 6, 18)}
    torch.testing.assert_close(encoder(waveform), maps["conv2"].mean(2))
    torch.testing.assert_close(encoder(waveform.float() / 32768), encoder(waveform))


def test_tokens_reach_the_first_stage_as_they_are():
    encoder = StagedEncoder({"context": Context()}, {"context": 4}, {"input": "tokens"})
    tokens = torch.tensor([[1, 2, 9], [3, 3, 3]])
    assert encoder.modality == "tokens"
    torch.testing.assert_close(encoder(tokens)[1], encoder.stages["context"].embedding.weight[3])


@pytest.mark.parametrize(
    ("description", "sees", "modality", "needs_depth"),
    [
        (SMALL, "rgb", "image", False),
        ({"parts": [SMALL | {"input": "lightness"}, SMALL | {"input": "ab"}]}, "lightness and ab", "image", False),
        ({"parts": [SMALL, SMALL]}, "rgb", "image", False),
        ({"parts": [SMALL, SMALL | {"input": "depth"}]}, "rgb and depth", "image", True),
        ({"projected": SMALL | {"input": "lab"}, "head": HEAD}, "lab", "image", False),
        (VIT, "rgb", "image", False),
    ],
)
def test_every_encoder_says_what_it_sees(description, sees, modality, needs_depth):
    encoder = build(description)
    assert encoder.input == sees
    assert encoder.modality == modality
    assert encoder.needs_depth is needs_depth
    assert encoder.description == description
    assert bool(encoder.attention_heads) is (description is VIT)
    images = torch.rand(2, 4 if needs_depth else 3, 32, 32)
    tokens, maps = encoder.eval().tokens(images), encoder.maps(images)
    assert list(tokens) == list(maps) == list(encoder.layers)
    for layer, found in maps.items():
        assert tokens[layer].patches.shape == (2, found.shape[2] * found.shape[3], encoder.layers[layer])
        assert torch.equal(tokens[layer].map, found)
    assert list(encoder.attention(images)) == list(encoder.attention_heads)


def test_only_abstract_encoders_are_subclassed():
    """Abstract or final: no encoder inherits from one that can be built."""
    kinds = {Encoder, StagedEncoder, ConcatenatedEncoder, ProjectedEncoder, NetworkEncoder}
    assert {kind for kind in kinds if kind.__subclasses__()} == {Encoder}
    with pytest.raises(TypeError, match="abstract"):
        Encoder({}, {}, ("rgb",))
