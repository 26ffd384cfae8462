"""The same held-out images as each method made them: fills of a hole, colours of a grey image, side by side."""

import h5py
import numpy as np

from selfsup.report.content import Group
from selfsup.report.gallery import Strip, first_member, picture

IMAGES = 6
TITLE = "Held-out images, what each method is given, and what it makes of them"
# What an image of ``predictions.h5`` is, by its name; all others say how the method came to its answer.
ORIGINAL, GIVEN, MADE = "original", ("masked", "asked"), ("filled", "predicted")


def comparisons(group: Group) -> list[Strip]:
    """Return for each kind of prediction in the group one picture: a row an image, a column a version of it.

    The columns are the original, what the first method was given, then what each made of it; a method that was given
    something else (another mask) has its own input beside its answer.
    """
    found: dict[str, dict[str, dict[str, np.ndarray]]] = {}
    for variant in group.variants:
        kind, images = _read(group, variant)
        if images:
            found.setdefault(kind, {})[variant] = images
    return [_strip(kind, group, made) for kind, made in found.items()]


def _strip(kind: str, group: Group, found: dict[str, dict[str, np.ndarray]]) -> Strip:
    captions, columns, given = [ORIGINAL], [next(iter(found.values()))[ORIGINAL]], np.empty(0)
    for variant, images in found.items():
        if not np.array_equal(given, _given(images)):
            given = _given(images)
            captions, columns = [*captions, "input"], [*columns, given]
        how = [name for name in sorted(images) if name not in (ORIGINAL, *GIVEN, *MADE)]
        captions += [*(name.replace("_", " ") for name in how), group.title(variant)]
        columns += [*(images[name] for name in how), *(images[name] for name in MADE if name in images)]
    return Strip(f"{group.name}-{kind}", TITLE, captions, picture(np.stack(columns, 1)))


def _read(group: Group, variant: str) -> tuple[str, dict[str, np.ndarray]]:
    """Return the kind and the images uint8 (n, 3, H, W) of the variant's first seed; empty if it predicts none."""
    member = first_member(group, variant)
    if member is None or not (member.predictions / "predictions.h5").exists():
        return "", {}
    with h5py.File(member.predictions / "predictions.h5", "r") as file:
        return str(file.attrs["kind"]), {name: array[:IMAGES] for name, array in file["images"].items()}


def _given(images: dict[str, np.ndarray]) -> np.ndarray:
    """Return what the method was given: the original without its colour (ITU-R 601 luma) where no name says otherwise."""
    if named := [images[name] for name in GIVEN if name in images]:
        return named[0]
    luma = np.round(np.tensordot([0.299, 0.587, 0.114], images[ORIGINAL], (0, 1))).astype(np.uint8)
    return np.repeat(luma[:, None], 3, 1)
