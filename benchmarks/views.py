"""Two SimCLR views of each image: selfsup's batched augmentation against lightly's and kornia's, with and without blur."""

import argparse
from functools import partial
from typing import Any

import kornia.augmentation as K
import torch
from images import in_memory_images
from lightly.transforms import SimCLRTransform
from paired import compared, microseconds_per_image, write_result
from torch import Tensor
from torchvision.transforms.functional import to_pil_image

from selfsup.specs.augmentation import Augmentation, ColorVariant
from selfsup.views.augmentation import apply, draw

SIZE_PX, BATCH, CALLS = 32, 256, 8
# The same augmentation for all: SimCLR's on ImageNet, the default of lightly.
SCALE_MIN, STRENGTH, JITTER, GRAY, BLUR = 0.08, 1.0, 0.8, 0.2, 0.5


def lightly_views(images: list[Any], transform: SimCLRTransform) -> list[Tensor]:
    """Return both views of PIL images, stacked like in a data loader."""
    pairs = [transform(image) for image in images]
    return [torch.stack(views) for views in zip(*pairs, strict=True)]


def kornia_pipeline(blur_probability: float) -> K.AugmentationSequential:
    """Return the same operations in kornia, batched, with different parameters for each image."""
    return K.AugmentationSequential(
        K.RandomResizedCrop((SIZE_PX, SIZE_PX), scale=(SCALE_MIN, 1.0)),
        K.RandomHorizontalFlip(),
        K.ColorJitter(0.8 * STRENGTH, 0.8 * STRENGTH, 0.8 * STRENGTH, 0.2 * STRENGTH, p=JITTER),
        K.RandomGrayscale(p=GRAY),
        K.RandomGaussianBlur((3, 3), (0.1, 2.0), p=blur_probability),
    )


def kornia_views(images: Tensor, pipeline: K.AugmentationSequential) -> list[Tensor]:
    """Return both views of uint8 images; the conversion to float is part of the work."""
    return [pipeline(images.float() / 255) for _ in range(2)]


def selfsup_views(images: Tensor, generator: torch.Generator, blur: float, color: ColorVariant) -> None:
    """Make both views ``CALLS`` times, because one call is too short to measure."""
    asked = Augmentation(
        crop_scale_min=SCALE_MIN,
        color_strength=STRENGTH,
        jitter_probability=JITTER,
        gray_probability=GRAY,
        blur_probability=blur,
        color=color,
    )
    for _ in range(2 * CALLS):
        draws = draw(asked, len(images), generator, height_px=SIZE_PX, width_px=SIZE_PX)
        apply(asked, images, draws, size_px=SIZE_PX)


def cases(blur: float) -> dict[str, tuple[Any, int]]:
    """Return every pipeline at one probability of blur."""
    images = in_memory_images(BATCH, SIZE_PX)
    pil_images = [to_pil_image(image) for image in images]
    transform = SimCLRTransform(input_size=SIZE_PX, gaussian_blur=blur, normalize=None)
    generator = torch.Generator().manual_seed(0)
    label = f", blur {blur:g}"
    return {
        f"lightly{label}": (partial(lightly_views, pil_images, transform), BATCH),
        f"kornia{label}": (partial(kornia_views, images, kornia_pipeline(blur)), BATCH),
        f"selfsup exact{label}": (partial(selfsup_views, images, generator, blur, "exact"), BATCH * CALLS),
        f"selfsup shared_order{label}": (
            partial(selfsup_views, images, generator, blur, "shared_order"),
            BATCH * CALLS,
        ),
        f"selfsup affine{label}": (partial(selfsup_views, images, generator, blur, "affine"), BATCH * CALLS),
    }


def main() -> None:
    """Measure, print and write ``results/views.json``."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--date", required=True, help="the day of the measurement, YYYY-MM-DD, for the result file")
    parser.add_argument("--repeats", type=int, default=9)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    rows = []
    for blur in (0.0, BLUR):
        rows += compared(microseconds_per_image(cases(blur), arguments.repeats), f"lightly, blur {blur:g}")
    facts = {"size_px": SIZE_PX, "batch": BATCH, "views_per_image": 2, "threads": 1, "device": "cpu"}
    write_result("views", arguments.date, facts, rows)


if __name__ == "__main__":
    main()
