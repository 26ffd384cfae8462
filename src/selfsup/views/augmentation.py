"""SimCLR's augmentation: random resized crop, flip, colour jitter, grey, blur, on a batch and on its device."""

import torch
from torch import Tensor

from selfsup.specs.augmentation import Augmentation, ColorVariant
from selfsup.views.blur import blur_, draw_sigma, kernel_px
from selfsup.views.color import draw_jitter, jitter_
from selfsup.views.color_affine import affine_jitter_
from selfsup.views.color_shared_order import jitter_in_chunks_, share_order
from selfsup.views.crops import draw_boxes, resized_crop
from selfsup.views.grayscale import grayscale_

JITTERS = {"exact": jitter_, "shared_order": jitter_in_chunks_, "affine": affine_jitter_}
# Pixels of a colour plane that one pass works on: its temporaries stay in a core's second-level cache.
CHUNK_PIXELS = 2**16


def draw(
    asked: Augmentation, examples: int, generator: torch.Generator, *, height_px: int, width_px: int
) -> dict[str, Tensor]:
    """Return all randomness of one view of a batch, on the CPU: every tensor has N = ``examples`` rows.

    ``box`` (N, 4) int64 top, left, height, width in an input of ``height_px`` x ``width_px``; ``flip`` (N,) bool;
    ``factors`` (N, 3), ``hue`` (N,), ``order`` (N, 4) of ``color.draw_jitter``; ``gray`` (N,) bool; ``sigma`` (N,)
    pixels, 0 for no blur.

    Source: Chen et al. 2020 (SimCLR), appendix A.
    """
    box = draw_boxes(
        examples,
        generator,
        height_px=height_px,
        width_px=width_px,
        scale_min=asked.crop_scale_min,
        scale_max=asked.crop_scale_max,
    )
    flip = torch.rand(examples, generator=generator) < asked.flip_probability
    strength = 0.8 * asked.color_strength
    colors = draw_jitter(
        examples,
        generator,
        brightness=strength,
        contrast=strength,
        saturation=strength,
        hue=0.2 * asked.color_strength,
        probability=asked.jitter_probability,
    )
    gray = torch.rand(examples, generator=generator) < asked.gray_probability
    sigma = draw_sigma(examples, generator, probability=asked.blur_probability)
    return {"box": box, "flip": flip, **colors, "gray": gray, "sigma": sigma}


def apply(asked: Augmentation, images: Tensor, draws: dict[str, Tensor], *, size_px: int) -> Tensor:
    """Return the view of uint8 images (N, 3, H, W): float32 in [0, 1], (N, 3, S, S), channels last.

    S is the augmentation's own size in pixels, or ``size_px`` where it has none. ``draws`` are those of ``draw`` on the
    images' device. ``color`` chooses the jitter: exact with an order per view,
    exact with an order per 32 views (``color_shared_order``), or one affine map per view (``color_affine``).
    On the CPU the batch is worked on in chunks that fit its cache, which changes no value.
    """
    size_px = asked.size_px or size_px
    if asked.color == "shared_order":
        draws = {**draws, "order": share_order(draws["order"])}
    chunk = max(1, CHUNK_PIXELS // size_px**2 if images.device.type == "cpu" else len(images))
    view = torch.empty(len(images), 3, size_px, size_px, device=images.device, memory_format=torch.channels_last)
    for start in range(0, len(images), chunk):
        rows = slice(start, start + chunk)
        view[rows] = _augmented(
            images[rows], {name: drawn[rows] for name, drawn in draws.items()}, size_px, asked.color
        )
    return view


def _augmented(images: Tensor, draws: dict[str, Tensor], size_px: int, color: ColorVariant) -> Tensor:
    view = resized_crop(images, draws["box"], draws["flip"], size_px)
    if draws["hue"].any() or (draws["factors"] != 1).any():
        JITTERS[color](view, draws["factors"], draws["hue"], draws["order"])
    grayscale_(view, draws["gray"])
    return blur_(view, draws["sigma"], kernel_px(size_px)).clamp_(0, 1)
