"""What an encoder takes besides images: waveforms and tokens, with one axis of time."""

import torch
from torch import nn

from selfsup.nn.encoder import StagedEncoder


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
