"""A causal Transformer over tokens; a text's feature is its output at the end token."""

import torch
from pydantic import NonNegativeInt, PositiveInt
from torch import Tensor, nn
from torch.nn import functional as F

from selfsup.views.tokens import END


def build(
    *,
    in_channels: NonNegativeInt = 0,
    vocabulary_size: PositiveInt,
    vocabulary_bytes: PositiveInt,
    context_length: PositiveInt,
    width: PositiveInt,
    layers: PositiveInt,
    heads: PositiveInt,
) -> tuple[dict[str, nn.Module], dict[str, int]]:
    """Return one stage, ``end``: tokens int64 (N, T) to (N, ``width``, 1); ``in_channels`` has no effect.

    Args:
        vocabulary_size: tokens of the vocabulary.
        vocabulary_bytes: length of the tokenizer's JSON, which is a buffer of the stage.
        context_length: tokens of a text.
        width: features of a token.
        layers: transformer blocks.
        heads: attention heads of each block.
    """
    return {"end": TextTower(vocabulary_size, vocabulary_bytes, context_length, width, layers, heads)}, {"end": width}


class TextTower(nn.Module):
    """Embeddings of tokens and positions, ``layers`` blocks, a norm, and the output at the end token.

    ``vocabulary`` uint8 (B,) is the JSON of the tokenizer, so that a saved encoder can embed text.

    Source: Radford et al. 2021 (CLIP), section 2.4, after Radford et al. 2019 (GPT-2); weights are initialised as in its
    published code.
    Differs: exact GELU, where the published code approximates it by x sigmoid(1.702 x).
    """

    def __init__(
        self, vocabulary_size: int, vocabulary_bytes: int, context_length: int, width: int, layers: int, heads: int
    ) -> None:
        super().__init__()
        self.context_length = context_length
        self.register_buffer("vocabulary", torch.zeros(vocabulary_bytes, dtype=torch.uint8))
        self.token = nn.Embedding(vocabulary_size, width)
        self.position = nn.Parameter(0.01 * torch.randn(context_length, width))
        self.blocks = nn.Sequential(*(Block(width, heads, layers) for _ in range(layers)))
        self.norm = nn.LayerNorm(width)
        nn.init.normal_(self.token.weight, std=0.02)

    def forward(self, tokens: Tensor) -> Tensor:
        """Return (N, C, 1): the feature at the first end token of tokens (N, T); later tokens have no effect."""
        x = self.blocks(self.token(tokens) + self.position[: tokens.shape[1]])
        end = (tokens == END).int().argmax(1)
        return self.norm(x[torch.arange(len(x), device=x.device), end])[:, :, None]


class Block(nn.Module):
    """Causal attention, then two layers at each position; each with a norm before it, each added to x (N, T, C)."""

    def __init__(self, width: int, heads: int, layers: int) -> None:
        super().__init__()
        self.heads = heads
        self.attention_norm, self.place_norm = nn.LayerNorm(width), nn.LayerNorm(width)
        self.query_key_value = nn.Linear(width, 3 * width)
        self.attended = nn.Linear(width, width)
        self.wide, self.narrow = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)
        residual_std = width**-0.5 * (2 * layers) ** -0.5
        stds = {self.query_key_value: width**-0.5, self.wide: (2 * width) ** -0.5}
        for linear, std in (stds | {self.attended: residual_std, self.narrow: residual_std}).items():
            nn.init.normal_(linear.weight, std=std)
            nn.init.zeros_(linear.bias)

    def forward(self, x: Tensor) -> Tensor:
        x = x + self.attended(self._attention(self.attention_norm(x)))
        return x + self.narrow(F.gelu(self.wide(self.place_norm(x))))

    def _attention(self, x: Tensor) -> Tensor:
        query, key, value = self.query_key_value(x).unflatten(2, (3, self.heads, -1)).permute(2, 0, 3, 1, 4)
        attended: Tensor = F.scaled_dot_product_attention(query, key, value, is_causal=True)
        return attended.transpose(1, 2).flatten(2)
