"""A context over the rows of a grid from top to bottom: each position depends on its own row and those above."""

from torch import Tensor, nn
from torch.nn import functional as F


class RowContext(nn.Module):
    """Residual blocks whose convolutions reach one row up, never down: after B blocks a position depends on B rows above.

    Source: van den Oord et al. 2018 (CPC), section 3.2 (PixelCNN style); the block is that of Henaff et al. 2020
    (CPC v2), appendix A: 1 x 1, 2 x 3 reaching up, 1 x 1, added to its input.
    Differs: CPC v2 writes the 2 x 3 convolution as a 1 x 3 and a 2 x 1 one.
    """

    def __init__(self, features: int, width: int, blocks: int) -> None:
        super().__init__()
        self.blocks = nn.ModuleList(_Block(features, width) for _ in range(blocks))

    def forward(self, z: Tensor) -> Tensor:
        """Return c (N, D, R, C) of latents z (N, D, R, C), R rows from top to bottom."""
        for block in self.blocks:
            z = z + block(z)
        return F.relu(z)


class _Block(nn.Module):
    def __init__(self, features: int, width: int) -> None:
        super().__init__()
        self.narrow = nn.Conv2d(features, width, 1)
        self.causal = nn.Conv2d(width, width, (2, 3))
        self.widen = nn.Conv2d(width, features, 1)

    def forward(self, z: Tensor) -> Tensor:
        narrow = F.pad(F.relu(self.narrow(z)), (1, 1, 1, 0))  # left, right, above; nothing below
        return self.widen(F.relu(self.causal(narrow)))
