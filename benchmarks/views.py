"""Two SimCLR views of each image: selfsup's batched augmentation against lightly's and kornia's, with and without blur."""

from collections.abc import Callable
from functools import partial
from typing import Any

import torch
from images import in_memory_images
from paired import Case, add_peers, compared, microseconds_per_image, parser, print_compared, write_result
from torch import Tensor

from selfsup.specs.augmentation import Augmentation, ColorVariant
from selfsup.views.augmentation import apply, draw

SIZE_PX = 32
# The same augmentation for all: SimCLR's on ImageNet, the default of lightly.
SCALE_MIN, STRENGTH, JITTER, GRAY, BLUR = 0.08, 1.0, 0.8, 0.2, 0.5


def lightly_views(images: Tensor, blur: float) -> Case:
    """Return a callable that makes both views of PIL images, stacked like in a data loader."""
    from lightly.transforms import SimCLRTransform
    from torchvision.transforms.functional import to_pil_image

    pil_images = [to_pil_image(image) for image in images]
    transform = SimCLRTransform(input_size=SIZE_PX, gaussian_blur=blur, normalize=None)

    def views() -> list[Tensor]:
        pairs = [transform(image) for image in pil_images]
        return [torch.stack(views) for views in zip(*pairs, strict=True)]

    return views


def kornia_views(images: Tensor, blur: float) -> Case:
    """Return a callable that makes both views by the same operations in kornia, batched, with different parameters for each
    image; the conversion to float is part of the work."""
    import kornia.augmentation as K

    pipeline = K.AugmentationSequential(
        K.RandomResizedCrop((SIZE_PX, SIZE_PX), scale=(SCALE_MIN, 1.0)),
        K.RandomHorizontalFlip(),
        K.ColorJitter(0.8 * STRENGTH, 0.8 * STRENGTH, 0.8 * STRENGTH, 0.2 * STRENGTH, p=JITTER),
        K.RandomGrayscale(p=GRAY),
        K.RandomGaussianBlur((3, 3), (0.1, 2.0), p=blur),
    )
    return lambda: [pipeline(images.float() / 255) for _ in range(2)]


def selfsup_views(images: Tensor, generator: torch.Generator, blur: float, color: ColorVariant, calls: int) -> None:
    """Make both views ``calls`` times, because one call is too short to measure."""
    asked = Augmentation(
        crop_scale_min=SCALE_MIN,
        color_strength=STRENGTH,
        jitter_probability=JITTER,
        gray_probability=GRAY,
        blur_probability=blur,
        color=color,
    )
    for _ in range(2 * calls):
        draws = draw(asked, len(images), generator, height_px=SIZE_PX, width_px=SIZE_PX)
        apply(asked, images, draws, size_px=SIZE_PX)


def cases(blur: float, batch: int, calls: int, peers: bool) -> dict[str, tuple[Case, int]]:
    """Return every pipeline at one probability of blur."""
    images, generator = in_memory_images(batch, SIZE_PX), torch.Generator().manual_seed(0)
    others: dict[str, Callable[..., Case]] = {"lightly": lightly_views, "kornia": kornia_views} if peers else {}
    pipelines: dict[str, tuple[Case, int]] = {name: (make(images, blur), batch) for name, make in others.items()}
    colors: tuple[ColorVariant, ...] = ("exact", "shared_order", "affine")
    for color in colors:
        views = partial(selfsup_views, images, generator, blur, color, calls)
        pipelines[f"selfsup {color}"] = (views, batch * calls)
    return {f"{name}, blur {blur:g}": case for name, case in pipelines.items()}


def main() -> None:
    """Measure, print and write ``results/views.json``."""
    arguments = parser(__doc__, repeats=9)
    arguments.add_argument("--batch", type=int, default=256)
    arguments.add_argument("--calls", type=int, default=8, help="of selfsup's views in one measurement")
    add_peers(arguments)
    asked = arguments.parse_args()
    torch.set_num_threads(1)
    rows: list[dict[str, Any]] = []
    for blur in (0.0, BLUR):
        rows += compared(microseconds_per_image(cases(blur, asked.batch, asked.calls, asked.peers), asked.repeats))
    print_compared(rows)
    facts = {"size_px": SIZE_PX, "batch": asked.batch, "views_per_image": 2, "threads": 1, "device": "cpu"}
    write_result("views", asked.results, facts, rows)


if __name__ == "__main__":
    main()
