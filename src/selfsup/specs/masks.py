"""Which part of an image a context encoder must fill in."""

from typing import Annotated, Literal

from pydantic import Field, PositiveInt

from selfsup.specs.spec import spec


@spec
class CenterMask:
    """One hole in the middle, half as wide as the image."""

    name: Literal["center"]


@spec
class BlockMask:
    """Square holes at random positions, together a quarter of the image.

    Args:
        blocks: how many holes.
    """

    name: Literal["blocks"]
    blocks: PositiveInt


Mask = Annotated[CenterMask | BlockMask, Field(discriminator="name")]
