"""SimCLR's augmentation: random resized crop, flip, colour jitter, grey, blur, on a batch and on its device."""

from typing import Literal

import torch
from torch import Tensor

from selfsup.errors import InputError
from selfsup.views.blur import blur_, draw_sigma, kernel_px
from selfsup.views.color import draw_jitter, jitter_
from selfsup.views.color_affine import affine_jitter_
from selfsup.views.color_shared_order import jitter_in_chunks_, share_order
from selfsup.views.crops import draw_boxes, resized_crop
from selfsup.views.grayscale import grayscale_

ColorVariant = Literal["exact", "shared_order", "affine"]
JITTERS = {"exact": jitter_, "shared_order": jitter_in_chunks_, "affine": affine_jitter_}
# Pixels of a colour plane processed in one pass, so that temporaries fit in a core's second-level cache.
CHUNK_PIXELS = 2**16


def draw(
    examples: int,
    generator: torch.Generator,
    *,
    height_px: int,
    width_px: int,
    crop_scale_min: float,
    crop_scale_max: float = 1.0,
    flip_probability: float = 0.5,
    color_strength: float,
    jitter_probability: float = 0.8,
    gray_probability: float = 0.2,
    blur_probability: float,
) -> dict[str, Tensor]:
    """Return the augmentation parameters of one view of a batch, on the CPU: every tensor has N = ``examples`` rows.

    ``box`` (N, 4) int64 top, left, height, width in an input of ``height_px`` x ``width_px``; ``flip`` (N,) bool;
    ``factors`` (N, 3), ``hue`` (N,), ``order`` (N, 4) of ``color.draw_jitter``; ``gray`` (N,) bool; ``sigma`` (N,)
    pixels, 0 for no blur. ``color_strength`` s means jitter by (0.8 s, 0.8 s, 0.8 s, 0.2 s).

    Raises InputError where a value is out of range. Source: Chen et al. 2020 (SimCLR), appendix A.
    """
    _check(
        color_strength,
        (crop_scale_min, crop_scale_max),
        flip_probability=flip_probability,
        jitter_probability=jitter_probability,
        gray_probability=gray_probability,
        blur_probability=blur_probability,
    )
    box = draw_boxes(
        examples,
        generator,
        height_px=height_px,
        width_px=width_px,
        scale_min=crop_scale_min,
        scale_max=crop_scale_max,
    )
    flip = torch.rand(examples, generator=generator) < flip_probability
    strength = 0.8 * color_strength
    colors = draw_jitter(
        examples,
        generator,
        brightness=strength,
        contrast=strength,
        saturation=strength,
        hue=0.2 * color_strength,
        probability=jitter_probability,
    )
    gray = torch.rand(examples, generator=generator) < gray_probability
    sigma = draw_sigma(examples, generator, probability=blur_probability)
    return {"box": box, "flip": flip, **colors, "gray": gray, "sigma": sigma}


def apply(images: Tensor, draws: dict[str, Tensor], *, size_px: int, color: ColorVariant = "exact") -> Tensor:
    """Return the view of uint8 images (N, 3, H, W): float32 in [0, 1], (N, 3, size_px, size_px), channels last.

    ``draws`` are those of ``draw`` on the images' device. ``color`` is the jitter: exact with one order per view, exact
    with one order per 32 views (``color_shared_order``), or one affine map per view (``color_affine``). On the CPU the
    batch is processed in chunks that fit in the cache, which changes no value.
    """
    if color == "shared_order":
        draws = {**draws, "order": share_order(draws["order"])}
    chunk = max(1, CHUNK_PIXELS // size_px**2 if images.device.type == "cpu" else len(images))
    view = torch.empty(len(images), 3, size_px, size_px, device=images.device, memory_format=torch.channels_last)
    for start in range(0, len(images), chunk):
        rows = slice(start, start + chunk)
        view[rows] = _augmented(images[rows], {name: drawn[rows] for name, drawn in draws.items()}, size_px, color)
    return view


def _check(color_strength: float, crop_scale: tuple[float, float], **probabilities: float) -> None:
    smallest, largest = crop_scale
    if not 0 <= color_strength <= 2.5:
        raise InputError(f"hyper.color_strength is {color_strength:g}; give 0 to 2.5, for a change of hue by up to 0.5")
    if not 0 < smallest <= largest <= 1:
        raise InputError(f"hyper.crop_scale_min is {smallest:g}; give more than 0 and at most {largest:g}")
    for name, probability in probabilities.items():
        if not 0 <= probability <= 1:
            raise InputError(f"hyper.{name} is {probability:g}; give a probability, 0 to 1")


def _augmented(images: Tensor, draws: dict[str, Tensor], size_px: int, color: ColorVariant) -> Tensor:
    view = resized_crop(images, draws["box"], draws["flip"], size_px)
    if draws["hue"].any() or (draws["factors"] != 1).any():
        JITTERS[color](view, draws["factors"], draws["hue"], draws["order"])
    grayscale_(view, draws["gray"])
    return blur_(view, draws["sigma"], kernel_px(size_px)).clamp_(0, 1)
