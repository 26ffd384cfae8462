"""SimCLR's augmentation: random resized crop, flip, colour jitter, grey, blur, on a batch and on its device."""

import torch
from torch import Tensor

from selfsup.specs.augmentation import Augmentation, ColorVariant
from selfsup.views.blur import blur_, draw_sigma, kernel_px
from selfsup.views.color import draw_jitter, grayscale_, jitter_
from selfsup.views.color_fast import affine_jitter_, jitter_in_chunks_, share_order
from selfsup.views.crops import draw_boxes, resized_crop

JITTERS = {"exact": jitter_, "shared_order": jitter_in_chunks_, "affine": affine_jitter_}
# Pixels of a colour plane per chunk: temporaries stay in a core's second-level cache.
CHUNK_PIXELS = 2**16


def draw(
    spec: Augmentation, examples: int, generator: torch.Generator, *, height_px: int, width_px: int
) -> dict[str, Tensor]:
    """Return all random numbers of one view of a batch, on the CPU: every tensor has N = ``examples`` rows.

    ``box`` (N, 4) int64 top, left, height, width in an input of ``height_px`` x ``width_px``; ``flip`` (N,) bool;
    ``factors`` (N, 3), ``hue`` (N,), ``order`` (N, 4) of ``color.draw_jitter``; ``gray`` (N,) bool; ``sigma`` (N,)
    pixels, 0 for no blur.

    Source: Chen et al. 2020 (SimCLR), appendix A.
    """
    scale = {"scale_min": spec.crop_scale_min, "scale_max": spec.crop_scale_max}
    box = draw_boxes(examples, generator, height_px=height_px, width_px=width_px, **scale)
    flip = torch.rand(examples, generator=generator) < spec.flip_probability
    strengths = dict.fromkeys(("brightness", "contrast", "saturation"), 0.8 * spec.color_strength)
    hue, probability = 0.2 * spec.color_strength, spec.jitter_probability
    colors = draw_jitter(examples, generator, **strengths, hue=hue, probability=probability)
    gray = torch.rand(examples, generator=generator) < spec.gray_probability
    sigma = draw_sigma(examples, generator, probability=spec.blur_probability)
    return {"box": box, "flip": flip, **colors, "gray": gray, "sigma": sigma}


def apply(spec: Augmentation, images: Tensor, draws: dict[str, Tensor], *, size_px: int) -> Tensor:
    """Return the view of uint8 images (N, 3, H, W): float32 in [0, 1], (N, 3, S, S), channels last.

    S is the augmentation's size in pixels, or else ``size_px``. ``draws`` are those of ``draw`` on the images' device.
    ``color`` selects the jitter: exact with an order per view, exact with an order per 32 views, or one affine map per
    view (``color_fast``). On the CPU the batch is processed in chunks that fit its cache, which changes no value.
    """
    size_px = spec.size_px or size_px
    if spec.color == "shared_order":
        draws = {**draws, "order": share_order(draws["order"])}
    chunk = max(1, CHUNK_PIXELS // size_px**2 if images.device.type == "cpu" else len(images))
    view = torch.empty(len(images), 3, size_px, size_px, device=images.device, memory_format=torch.channels_last)
    for start in range(0, len(images), chunk):
        rows = slice(start, start + chunk)
        of_rows = {name: values[rows] for name, values in draws.items()}
        view[rows] = _augmented(images[rows], of_rows, size_px, spec.color)
    return view


def _augmented(images: Tensor, draws: dict[str, Tensor], size_px: int, color: ColorVariant) -> Tensor:
    view = resized_crop(images, draws["box"], draws["flip"], size_px)
    if draws["hue"].any() or (draws["factors"] != 1).any():
        JITTERS[color](view, draws["factors"], draws["hue"], draws["order"])
    grayscale_(view, draws["gray"])
    return blur_(view, draws["sigma"], kernel_px(size_px)).clamp_(0, 1)
