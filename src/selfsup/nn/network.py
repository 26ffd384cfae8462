"""Backbones that are one network returning all of its layers, not a chain of stages."""

from abc import ABC, abstractmethod
from typing import Any

from torch import Tensor, nn

from selfsup.nn.encoder import Encoder
from selfsup.nn.pooling import Tokens, VectorPooling, pool


class Network(nn.Module, ABC):
    """Preprocessed images, float (N, C, H, W), to {layer: Tokens}.

    ``layers`` {name: D}, first to last; ``pooling`` makes an image's feature from the last. ``patch_px`` is the side of a
    token's patch where the network takes an index of kept patches, else 0; ``attention_heads`` {layer: heads} names the
    layers whose attention it returns.
    """

    def __init__(
        self,
        layers: dict[str, int],
        pooling: VectorPooling = "mean",
        *,
        patch_px: int = 0,
        attention_heads: dict[str, int] | None = None,
    ) -> None:
        super().__init__()
        self.layers = layers
        self.pooling = pooling
        self.patch_px = patch_px
        self.attention_heads = attention_heads or {}

    @property
    @abstractmethod
    def published(self) -> nn.Module:
        """The module whose parameters have the names of published weights."""

    @abstractmethod
    def forward(self, x: Tensor, keep: Tensor | None = None) -> dict[str, Tokens]:
        """Return every layer; with ``keep`` (N, L'), an int64 index of patches, only these are computed."""

    @abstractmethod
    def attention(self, x: Tensor) -> dict[str, Tensor]:
        """Return {layer: (N, heads, L, L)}, whose rows sum to 1, the class token first; empty where it has none."""

    def encoder(self, description: dict[str, Any]) -> "NetworkEncoder":
        """Return the encoder that this network is the backbone of."""
        return NetworkEncoder(self, description)


class NetworkEncoder(Encoder):
    """One network that returns all of its layers, such as a Transformer; described as a StagedEncoder is."""

    def __init__(self, network: Network, description: dict[str, Any]) -> None:
        super().__init__(network.layers, description, (str(description.get("input", "rgb")),))
        self.network = network

    @property
    def entrance(self) -> nn.Module:
        return self.network

    def positions(self, inputs: tuple[Any, ...]) -> int:
        keep = (*inputs, None)[1]
        return super().positions(inputs) if keep is None else keep.numel() * self.network.patch_px**2

    def maps(self, x: Tensor) -> dict[str, Tensor]:
        return {layer: tokens.map for layer, tokens in self.tokens(x).items()}

    def tokens(self, x: Tensor, keep: Tensor | None = None) -> dict[str, Tokens]:
        if keep is not None and not self.network.patch_px:
            return super().tokens(x, keep)
        layers: dict[str, Tokens] = self.network(self.preprocess(x), keep)
        return layers

    def forward(self, x: Tensor) -> Tensor:
        return pool(list(self.tokens(x).values())[-1], self.network.pooling)

    @property
    def attention_heads(self) -> dict[str, int]:
        return self.network.attention_heads

    def attention(self, x: Tensor) -> dict[str, Tensor]:
        return self.network.attention(self.preprocess(x))
