"""The same held-out images as each method made them: fills of a hole, colours of a grey image, side by side."""

from dataclasses import dataclass

import h5py
import numpy as np

from selfsup.report.content import Group
from selfsup.report.gallery import Strip, first_member, picture

IMAGES = 6
PARTS = ("original", "given", "made")


@dataclass(frozen=True)
class Kind:
    """What runs predict, by the attribute of their ``predictions.h5``: what they made, and what they were given, which is
    the original without colour where no name says where to find it. Images whose names begin with one of ``by`` say how
    they came to it."""

    name: str
    title: str
    made: str
    given: str = ""
    by: tuple[str, ...] = ()


KINDS = (
    Kind("inpainting", "Held-out images with a hole, and what fills it", made="filled", given="masked"),
    Kind("colorization", "Held-out images without colour, and the colours put in", made="predicted"),
    Kind(
        "video_colorization",
        "A frame without colour, the frame before it, where the marked place points in the references, and the copied colours",
        made="predicted",
        given="asked",
        by=("reference", "pointers"),
    ),
)


def comparisons(group: Group) -> list[Strip]:
    """Return for each kind that some run of the group predicts one picture: a row an image, a column a version of it.

    The columns are the original, what the first method was given, then what each made of it; a method that was given
    something else (another mask) has its own input beside its answer.
    """
    strips = (_strip(kind, group) for kind in KINDS)
    return [strip for strip in strips if strip is not None]


def _strip(kind: Kind, group: Group) -> Strip | None:
    captions: list[str] = []
    columns: list[np.ndarray] = []
    given = np.empty(0)
    for variant in group.variants:
        found = _read(kind, group, variant)
        if not found:
            continue
        if not columns:
            captions, columns = ["original"], [found["original"]]
        if not np.array_equal(given, found["given"]):
            given = found["given"]
            captions, columns = [*captions, "input"], [*columns, given]
        how = [name for name in found if name not in PARTS]
        captions = [*captions, *(name.replace("_", " ") for name in how), variant]
        columns = [*columns, *(found[name] for name in how), found["made"]]
    if not columns:
        return None
    return Strip(f"{group.name}-{kind.name}", kind.title, captions, picture(np.stack(columns, 1)))


def _read(kind: Kind, group: Group, variant: str) -> dict[str, np.ndarray]:
    """Return {original, given, made: uint8 (n, 3, H, W)} of the variant's first seed, and how it was made by name; empty
    if it predicts no such thing."""
    member = first_member(group, variant)
    if member is None or not (member.predictions / "predictions.h5").exists():
        return {}
    with h5py.File(member.predictions / "predictions.h5", "r") as file:
        if file.attrs["kind"] != kind.name:
            return {}
        images = {name: array[:IMAGES] for name, array in file["images"].items()}
    given = images[kind.given] if kind.given else _grey(images["original"])
    how = {name: images[name] for name in sorted(images) if kind.by and name.startswith(kind.by)}
    return {"original": images["original"], "given": given, "made": images[kind.made], **how}


def _grey(images: np.ndarray) -> np.ndarray:
    """Return images uint8 (n, 3, H, W) without their colour (ITU-R 601 luma)."""
    luma = np.round(np.tensordot([0.299, 0.587, 0.114], images, (0, 1))).astype(np.uint8)
    return np.repeat(luma[:, None], 3, 1)
