"""Masks of objects: files whose pixels are numbers of objects, not a picture."""

from pathlib import Path

import numpy as np
from PIL import Image

from selfsup.datasets.content.decoding import formats
from selfsup.errors import InputError

VOID = 255  # between objects that have other numbers; where it is the only one, it is the object
INDICES = ("1", "L", "P")


def object_mask(path: Path) -> np.ndarray:
    """Return bool (H, W): the pixels of a mask file that belong to any object.

    Their numbers are indices of a palette, grey values of 1 to 16 bits, or colours, of which black is no object; transparency
    says nothing. Raises InputError where the file is damaged, or its shape is in its transparency.
    """
    numbers = _numbers(path)
    others = np.unique(numbers)
    return (numbers != 0) & ((numbers != VOID) | np.isin(others, (0, VOID)).all())


def _numbers(path: Path) -> np.ndarray:
    """Return the number of each pixel, int64 (H, W)."""
    try:
        with Image.open(path, formats=formats()) as opened:
            opened.load()
            mode, pixels = opened.mode, np.asarray(opened.convert("RGBA") if opened.mode == "PA" else opened)
    except Exception as error:  # Pillow's decoders raise many kinds of errors
        raise InputError(f"{path} cannot be decoded as a mask; replace or remove it") from error
    if mode in INDICES or mode.startswith("I"):
        return pixels.astype(np.int64)
    if mode == "F":
        raise InputError(f"{path} has floating point pixels, not numbers of objects; save it with 8 bits")
    colours, alpha = (
        (pixels[..., :-1], pixels[..., -1]) if mode[-1] in "Aa" else (pixels, np.full(pixels.shape[:2], 255))
    )
    if (colours == colours[:1, :1]).all() and (alpha != alpha[:1, :1]).any():
        raise InputError(f"{path} has its shape in its transparency; save the objects as colours on black")
    if (colours == colours[..., :1]).all():
        return colours[..., 0].astype(np.int64)
    number = (colours.astype(np.int64) * 256 ** np.arange(colours.shape[-1])).sum(-1)
    return np.where(number > 0, number + VOID, 0)  # no colour is VOID
