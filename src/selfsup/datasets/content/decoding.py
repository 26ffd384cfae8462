"""Image files of any format to RGB pixels, with one sentence for a file that is not an image."""

from functools import cache
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

from selfsup.errors import InputError

# Pixels alone: Pillow hands PostScript to an interpreter, whatever the file's suffix, and metafiles to the system.
RASTER = ("AVIF", "BMP", "DIB", "GIF", "HEIF", "JPEG", "JPEG2000", "MPO", "PNG", "PPM", "TIFF", "WEBP")


@cache
def formats() -> list[str]:
    """Return those of the formats of pixels that this Pillow reads."""
    Image.init()
    return [name for name in RASTER if name in Image.OPEN]


def decode(path: Path) -> Image.Image:
    """Return the RGB image in a file: its first frame, upright (EXIF), on white where it is transparent.

    Of 16 bits the upper 8 are kept. Raises InputError where the file is damaged, not an image, or not readable.
    """
    if path.exists() and not path.is_file():
        raise InputError(f"{path} is not a file; replace or remove it")
    if path.is_symlink() and not path.exists():
        raise InputError(
            f"{path} is a link to {path.readlink()}, which is missing; fetch that file, or remove the link"
        )
    try:
        with Image.open(path, formats=formats()) as opened:
            opened.load()
            upright = ImageOps.exif_transpose(opened)
    except PermissionError:
        raise InputError(f"{path} cannot be read; make it readable") from None
    except Image.DecompressionBombError:
        limit = 2 * (Image.MAX_IMAGE_PIXELS or 0) // 10**6
        raise InputError(f"{path} has more than {limit} million pixels; scale it down") from None
    except MemoryError:
        raise
    except Exception as error:  # Pillow's decoders raise many kinds of errors; each means a damaged file
        raise InputError(f"{path} cannot be decoded as an image; replace or remove it") from error
    return _rgb(upright, path)


def cover_square(image: Image.Image, size_px: int, name: str) -> np.ndarray:
    """Return the central square of an image, uint8 (3, H, W), its shorter side scaled to ``size_px`` with antialiasing.

    A smaller image is scaled up bilinearly. Raises InputError where it has no pixels.
    """
    width, height = image.size
    if not width or not height:
        raise InputError(f"{name} is empty, {width}x{height} pixels; remove it")
    resampling = Image.Resampling.BILINEAR if min(width, height) < size_px else Image.Resampling.BICUBIC
    square = ImageOps.fit(image, (size_px, size_px), resampling)
    return np.asarray(square).transpose(2, 0, 1)


def is_grey(image: Image.Image) -> bool:
    """Return whether R = G = B in every pixel of an RGB image."""
    pixels = np.asarray(image)
    return bool((pixels[..., :1] == pixels[..., 1:]).all())


def _rgb(image: Image.Image, path: Path) -> Image.Image:
    if image.mode.startswith("I"):
        return _from_16_bits(np.asarray(image), path).convert("RGB")
    if image.mode == "F":
        raise InputError(f"{path} has floating point pixels of unknown range; save it with 8 or 16 bits")
    if image.has_transparency_data:
        colours = image.convert("RGBA")
        return Image.alpha_composite(Image.new("RGBA", image.size, "white"), colours).convert("RGB")
    return image.convert("RGB")


def _from_16_bits(values: np.ndarray, path: Path) -> Image.Image:
    if values.min() < 0 or values.max() > 0xFFFF:
        raise InputError(f"{path} has pixels beyond 16 bits; save it with 8 or 16 bits")
    return Image.fromarray((values >> 8).astype(np.uint8))
