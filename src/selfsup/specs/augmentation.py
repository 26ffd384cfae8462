"""Augmentations: SimCLR's, the plain crop of methods that predict colours, and masks."""

from typing import Annotated, Literal

from pydantic import Field, PositiveInt

from selfsup.specs.spec import AreaFraction, Probability, spec

ColorVariant = Literal["exact", "shared_order", "affine"]
ColorStrength = Annotated[float, Field(ge=0, le=2.5)]  # at 2.5 the hue turns by up to half a circle


@spec
class Augmentation:
    """Random resized crop, mirror, colour jitter, grey and blur of one view. Several views of several sizes are a list.

    Args:
        crop_scale_min: smallest share of the image's area that a crop keeps.
        crop_scale_max: largest share of the image's area that a crop keeps.
        size_px: side in pixels of the view; by default that of the images.
        flip_probability: probability that a view is mirrored.
        color_strength: s of the jitter: brightness, contrast and saturation change by up to 0.8 s, the hue by 0.2 s.
        jitter_probability: probability that a view's colours are jittered.
        gray_probability: probability that a view loses its colours.
        blur_probability: probability that a view is blurred.
        color: exact jitter with an order of its own for each view, with one order for 32 views, or one affine map.

    Source: Chen et al. 2020 (SimCLR), appendix A, whose probabilities are the defaults.
    """

    crop_scale_min: AreaFraction
    crop_scale_max: AreaFraction = 1.0
    size_px: PositiveInt | None = None
    flip_probability: Probability = 0.5
    color_strength: ColorStrength
    jitter_probability: Probability = 0.8
    gray_probability: Probability = 0.2
    blur_probability: Probability = 0.0
    color: ColorVariant = "exact"

    def __post_init__(self) -> None:
        if self.crop_scale_min > self.crop_scale_max:
            raise ValueError(f"crop_scale_min is above crop_scale_max, {self.crop_scale_max:g}; lower it")


@spec
class Crop:
    """Random resized crop and mirror; colours stay as they are.

    Args:
        scale_min: smallest share of the image's area that a crop keeps.
        flip_probability: probability that an image is mirrored.
    """

    scale_min: AreaFraction
    flip_probability: Probability


@spec
class CenterMask:
    """One square hole in the centre, half as wide as the image."""

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
