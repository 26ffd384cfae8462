"""A layer's output as tokens: a vector for each position of a grid, and a class token where there is one."""

from dataclasses import dataclass

from torch import Tensor


@dataclass(frozen=True)
class Tokens:
    """``patches`` (N, L, D): a token for each position of ``grid``, (h, w) row by row, or (T,) along time.

    ``class_token`` is (N, D) where the layer has one. With ``keep`` (N, L') the patches are (N, L', D), those of these
    positions alone.
    """

    patches: Tensor
    grid: tuple[int, ...]
    class_token: Tensor | None = None
    keep: Tensor | None = None

    @classmethod
    def of_map(cls, layer: Tensor) -> "Tokens":
        """Return the tokens of a map (N, D, h, w) or (N, D, T)."""
        return cls(layer.flatten(2).transpose(1, 2), tuple(layer.shape[2:]))

    @property
    def map(self) -> Tensor:
        """(N, D, h, w) or (N, D, T); ValueError where only some positions were kept."""
        if self.keep is not None:
            raise ValueError("only some patches were kept, and they fill no map")
        return self.patches.transpose(1, 2).reshape(len(self.patches), self.patches.shape[2], *self.grid)

    def float(self) -> "Tokens":
        """Return the tokens in float32."""
        class_token = None if self.class_token is None else self.class_token.float()
        return Tokens(self.patches.float(), self.grid, class_token, self.keep)
