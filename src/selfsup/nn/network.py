"""A backbone that is no chain of stages: one network that returns all of its layers."""

from abc import ABC, abstractmethod

from torch import Tensor, nn

from selfsup.nn.pooling import Pooling
from selfsup.nn.tokens import Tokens


class Network(nn.Module, ABC):
    """What an encoder sees of images, float (N, C, H, W), to {layer: Tokens}.

    ``layers`` {name: D}, first to last; ``pooling`` makes an image's feature from the last. ``patch_px`` is the side of a
    token's patch where the network takes an index of kept patches, else 0; ``attention_heads`` {layer: heads} are those
    of the layers whose attention it returns.
    """

    def __init__(
        self,
        layers: dict[str, int],
        pooling: Pooling = "mean",
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
        """Return {layer: (N, heads, L, L)}, rows of which sum to 1, the class token first; empty where it returns none."""
