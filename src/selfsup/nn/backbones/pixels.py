"""The image itself as an encoder without parameters: what a linear classifier reads from pixels."""

from pydantic import PositiveInt
from torch import nn


def build(*, in_channels: PositiveInt = 3) -> tuple[dict[str, nn.Module], dict[str, int]]:
    """Return the one stage ``pixels``, which changes nothing: its map is the preprocessed image, (N, C, H, W).

    Source: LeCun et al. 1998, section III.C.1, a linear classifier of pixels.
    """
    return {"pixels": nn.Identity()}, {"pixels": in_channels}
