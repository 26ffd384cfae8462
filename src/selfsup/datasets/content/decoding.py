"""Image files to RGB pixels, whatever the format, and a sentence for those that are none."""

from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

from selfsup.errors import InputError


def decode(path: Path) -> Image.Image:
    """Return the RGB image in a file: upright (EXIF), its first frame, over white where it is transparent.

    Sixteen bits keep their upper eight. Raises InputError where the file is damaged, no image, or may not be read.
    """
    try:
        with Image.open(path) as opened:
            opened.load()
            upright = ImageOps.exif_transpose(opened)
    except PermissionError:
        raise InputError(f"{path} may not be read: allow reading it.") from None
    except MemoryError:
        raise
    except Exception as error:  # Pillow's decoders fail in many ways; here each means a damaged file
        raise InputError(f"{path} cannot be decoded as an image: replace or remove it.") from error
    return _rgb(upright, path)


def cover_square(image: Image.Image, size_px: int, name: str) -> np.ndarray:
    """Return an image, its shorter side scaled to ``size_px`` with antialiasing and its centre kept, uint8 (3, H, W).

    A smaller image is scaled up, bilinearly. Raises InputError where it has no pixel at all.
    """
    width, height = image.size
    if not width or not height:
        raise InputError(f"{name} has {width}x{height} pixels, so nothing can be seen on it: remove it.")
    law = Image.Resampling.BILINEAR if min(width, height) < size_px else Image.Resampling.BICUBIC
    square = ImageOps.fit(image, (size_px, size_px), law)
    return np.asarray(square).transpose(2, 0, 1)


def is_grey(image: Image.Image) -> bool:
    """Return whether no pixel of an RGB image has a colour."""
    pixels = np.asarray(image)
    return bool((pixels[..., :1] == pixels[..., 1:]).all())


def _rgb(image: Image.Image, path: Path) -> Image.Image:
    if image.mode.startswith("I"):
        return _from_16_bits(np.asarray(image), path).convert("RGB")
    if image.mode == "F":
        raise InputError(f"{path} holds floating point numbers of unknown range: save it with 8 or 16 bits.")
    if image.has_transparency_data:
        colours = image.convert("RGBA")
        return Image.alpha_composite(Image.new("RGBA", image.size, "white"), colours).convert("RGB")
    return image.convert("RGB")


def _from_16_bits(values: np.ndarray, path: Path) -> Image.Image:
    if values.min() < 0 or values.max() > 0xFFFF:
        raise InputError(f"{path} holds integers beyond 16 bits: save it with 8 or 16 bits.")
    return Image.fromarray((values >> 8).astype(np.uint8))
