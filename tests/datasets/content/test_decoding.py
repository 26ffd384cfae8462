import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, PngImagePlugin

from selfsup.datasets.content.decoding import cover_square, decode
from selfsup.errors import InputError

pytestmark = pytest.mark.counts(
    "files as people have them: sound, masks, boxes, clips, folders", "their own values, or one sentence"
)

RAMP = np.arange(48, dtype=np.uint8).reshape(4, 4, 3) * 5


def saved(path: Path, image: Image.Image, **options: object) -> Path:
    image.save(path, **options)
    return path


def pixels(path: Path) -> np.ndarray:
    image = decode(path)
    assert image.mode == "RGB"
    return np.asarray(image)


@pytest.mark.parametrize("suffix", ["png", "bmp", "tif", "webp", "ppm"])
def test_lossless_formats_keep_every_pixel(tmp_path: Path, suffix: str) -> None:
    options = {"lossless": True} if suffix == "webp" else {}
    assert np.array_equal(pixels(saved(tmp_path / f"a.{suffix}", Image.fromarray(RAMP), **options)), RAMP)


def test_jpeg_is_close(tmp_path: Path) -> None:
    grey = np.full((16, 16, 3), 90, np.uint8)
    assert np.abs(pixels(saved(tmp_path / "a.jpg", Image.fromarray(grey))).astype(int) - 90).max() <= 2


@pytest.mark.parametrize("mode", ["1", "L"])
def test_grey_and_black_and_white_become_three_equal_channels(tmp_path: Path, mode: str) -> None:
    image = Image.fromarray(RAMP[..., 0]).convert(mode)
    expected = np.asarray(image.convert("L"))
    assert np.array_equal(pixels(saved(tmp_path / "a.png", image)), np.stack([expected] * 3, -1))


def test_a_palette_gives_its_colours(tmp_path: Path) -> None:
    image = Image.fromarray(RAMP).quantize(16)
    assert np.array_equal(pixels(saved(tmp_path / "a.png", image)), np.asarray(image.convert("RGB")))


def test_transparency_shows_white(tmp_path: Path) -> None:
    rgba = np.dstack([RAMP, np.full((4, 4), 255, np.uint8)])
    rgba[0, 0] = (10, 20, 30, 0)
    rgba[0, 1] = (0, 0, 0, 128)
    seen = pixels(saved(tmp_path / "a.png", Image.fromarray(rgba)))
    assert seen[0, 0].tolist() == [255, 255, 255]
    assert seen[0, 1].tolist() == [127, 127, 127]
    assert np.array_equal(seen[1:], RAMP[1:])


def test_a_transparent_palette_entry_shows_white(tmp_path: Path) -> None:
    image = Image.new("P", (4, 4), 1)
    image.putpalette([255, 0, 0, 0, 0, 255])
    image.putpixel((0, 0), 0)
    seen = pixels(saved(tmp_path / "a.png", image, transparency=0))
    assert seen[0, 0].tolist() == [255, 255, 255]
    assert seen[1, 1].tolist() == [0, 0, 255]


@pytest.mark.parametrize("suffix", ["png", "tif"])
def test_sixteen_bits_keep_their_upper_eight(tmp_path: Path, suffix: str) -> None:
    values = np.array([[0, 255, 256], [32768, 65279, 65535]], np.uint16)
    seen = pixels(saved(tmp_path / f"a.{suffix}", Image.fromarray(values)))
    assert seen[..., 0].tolist() == [[0, 0, 1], [128, 254, 255]]


def test_cmyk_becomes_rgb(tmp_path: Path) -> None:
    image = Image.new("CMYK", (8, 8), (255, 0, 0, 0))
    assert pixels(saved(tmp_path / "a.tif", image))[0, 0].tolist() == [0, 255, 255]
    assert np.abs(pixels(saved(tmp_path / "a.jpg", image))[0, 0].astype(int) - [0, 255, 255]).max() <= 3


@pytest.mark.parametrize(
    ("orientation", "turned"), [(3, np.rot90(RAMP, 2)), (6, np.rot90(RAMP, -1)), (2, RAMP[:, ::-1])]
)
def test_exif_orientation_is_applied(tmp_path: Path, orientation: int, turned: np.ndarray) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    assert np.array_equal(pixels(saved(tmp_path / "a.png", Image.fromarray(RAMP), exif=exif)), turned)


def test_an_animation_gives_its_first_frame(tmp_path: Path) -> None:
    frames = [Image.new("RGB", (8, 8), colour) for colour in ("red", "blue")]
    path = saved(tmp_path / "a.gif", frames[0], save_all=True, append_images=frames[1:])
    assert pixels(path)[0, 0].tolist() == [255, 0, 0]


def test_text_chunks_do_not_change_the_pixels(tmp_path: Path) -> None:
    text = PngImagePlugin.PngInfo()
    text.add_text("Comment", "taken on a Monday")
    assert np.array_equal(pixels(saved(tmp_path / "a.png", Image.fromarray(RAMP), pnginfo=text)), RAMP)


@pytest.mark.parametrize("content", [b"", b"not an image", "truncated.png", "truncated.jpg", "broken checksum"])
def test_a_damaged_file_is_named(tmp_path: Path, content: bytes | str) -> None:
    path = tmp_path / "damaged.png"
    noise = Image.fromarray(np.random.default_rng(0).integers(0, 255, (64, 64, 3), dtype=np.uint8))
    if isinstance(content, bytes):
        path.write_bytes(content)
    elif content == "broken checksum":
        whole = bytearray(saved(path, noise).read_bytes())
        whole[40] ^= 0xFF
        path.write_bytes(bytes(whole))
    else:
        path = tmp_path / content
        whole = bytearray(saved(path, noise).read_bytes())
        path.write_bytes(bytes(whole[: len(whole) // 2]))
    with pytest.raises(InputError, match=f"{path.name} cannot be decoded"):
        decode(path)


def test_an_image_of_zero_size_is_damaged(tmp_path: Path) -> None:
    path = tmp_path / "nothing.ppm"
    path.write_bytes(b"P6 0 4 255\n")
    with pytest.raises(InputError, match=r"nothing\.ppm"):
        decode(path)


@pytest.mark.parametrize(
    ("values", "message"), [(np.zeros((4, 4), np.float32), "floating"), (np.full((4, 4), 70000, np.int32), "16 bits")]
)
def test_numbers_without_a_known_range_are_refused(tmp_path: Path, values: np.ndarray, message: str) -> None:
    with pytest.raises(InputError, match=message):
        decode(saved(tmp_path / "a.tif", Image.fromarray(values)))


def test_a_forbidden_file_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: Path, **_: object) -> None:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Image, "open", refuse)  # root may read anything, so modes prove nothing here
    with pytest.raises(InputError, match=r"secret\.png cannot be read"):
        decode(tmp_path / "secret.png")


def test_squares_keep_the_centre_and_are_antialiased() -> None:
    wide = np.zeros((16, 48, 3), np.uint8)
    wide[:, 16:32] = np.where(np.arange(16)[:, None, None] % 2, 255, 0)  # one-pixel stripes in the middle third
    square = cover_square(Image.fromarray(wide), 4, "wide.png")
    assert square.shape == (3, 4, 4)
    assert np.abs(square[:, 1:3].astype(int) - 127).max() < 16
    assert square.mean() > 100


def test_an_image_of_the_size_asked_for_is_untouched() -> None:
    assert np.array_equal(cover_square(Image.fromarray(RAMP), 4, "a.png"), RAMP.transpose(2, 0, 1))


def test_a_smaller_image_is_scaled_up_without_new_extremes() -> None:
    flat = np.zeros((4, 40, 3), np.uint8)
    flat[:, 20:] = 200  # an edge through the centre, which bicubic interpolation would overshoot
    square = cover_square(Image.fromarray(flat), 16, "flat.png").astype(int)
    assert square.shape == (3, 16, 16)
    assert (square[:, :, 0].max(), square[:, :, -1].min(), square.max()) == (0, 200, 200)
    assert (np.diff(square, axis=2) >= 0).all()


@pytest.mark.parametrize("size", [(0, 4), (4, 0)])
def test_an_image_without_pixels_is_named(size: tuple[int, int]) -> None:
    with pytest.raises(InputError, match=rf"nothing\.png is empty, {size[0]}x{size[1]} pixels"):
        cover_square(Image.new("RGB", size), 8, "nothing.png")


def test_postscript_is_not_handed_to_an_interpreter_whatever_its_name(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(
        b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 8 8\n%%EndComments\n(" + b"x" * 200 + b") run\n%%EOF\n"
    )
    with Image.open(path) as opened:  # Pillow alone would
        assert opened.format == "EPS"
    with pytest.raises(InputError, match=r"a\.png cannot be decoded as an image"):
        decode(path)


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a.png")
    with pytest.raises(InputError, match=r"a\.png is not a file"):
        decode(tmp_path / "a.png")
