"""A mask is numbers of objects, however the file stores them."""

import numpy as np
import pytest
from PIL import Image

from selfsup.datasets.content.masks import object_mask
from selfsup.errors import InputError

pytestmark = pytest.mark.counts(
    "files as people have them: sound, masks, boxes, clips, folders", "their own values, or one sentence"
)

TRUTH = np.zeros((12, 16), bool)
TRUTH[3:9, 4:11] = True
NUMBERS = TRUTH.astype(np.uint8)
RGBA = np.dstack([np.where(TRUTH, 200, 0), np.where(TRUTH, 30, 0), np.zeros_like(NUMBERS), np.full_like(NUMBERS, 255)])


def palette(*colours):
    image = Image.fromarray(NUMBERS, "P")
    image.putpalette([value for colour in colours for value in colour])
    return image


WRITTEN = {
    "grey": lambda: Image.fromarray(255 * NUMBERS),
    "grey ids": lambda: Image.fromarray(7 * NUMBERS),
    "one bit": lambda: Image.fromarray(TRUTH),
    "16 bits, id 1": lambda: Image.fromarray(NUMBERS.astype(np.uint16)),
    "16 bits, id 200": lambda: Image.fromarray(200 * NUMBERS.astype(np.uint16)),
    "16 bits, id 65535": lambda: Image.fromarray(65535 * NUMBERS.astype(np.uint16)),
    "palette": lambda: palette((0, 0, 0), (128, 0, 0)),
    "white palette": lambda: palette((255, 255, 255), (0, 0, 0)),
    "rgb": lambda: Image.fromarray(RGBA[..., :3].astype(np.uint8)),
    "rgba": lambda: Image.fromarray(RGBA.astype(np.uint8)),
    "grey and opaque alpha": lambda: Image.fromarray(255 * NUMBERS).convert("LA"),
    "two objects": lambda: Image.fromarray(NUMBERS * (1 + (np.arange(16) > 7)[None].astype(np.uint8))),
    "two colours": lambda: Image.fromarray(
        np.where(TRUTH[..., None], np.where(np.arange(16)[None, :, None] > 7, [255, 0, 0], [0, 0, 255]), 0).astype(
            np.uint8
        )
    ),
    "transparent background": lambda: Image.fromarray(
        np.dstack([RGBA[..., :3], np.where(TRUTH, 255, 0)]).astype(np.uint8)
    ),
}


@pytest.mark.parametrize("kind", WRITTEN)
def test_one_truth_in_every_form_is_one_mask(kind, tmp_path):
    WRITTEN[kind]().save(tmp_path / "mask.png")
    assert np.array_equal(object_mask(tmp_path / "mask.png"), TRUTH)


def test_a_palette_with_a_transparent_index_is_its_indices(tmp_path):
    palette((0, 0, 0), (128, 0, 0)).save(tmp_path / "mask.png", transparency=0)
    assert np.array_equal(object_mask(tmp_path / "mask.png"), TRUTH)


def test_a_border_of_255_between_numbered_objects_is_none(tmp_path):
    numbers = NUMBERS.copy()
    numbers[2, :] = 255
    Image.fromarray(numbers).save(tmp_path / "mask.png")
    assert np.array_equal(object_mask(tmp_path / "mask.png"), TRUTH)


MISTAKES = {
    "has its shape in its transparency": lambda: Image.fromarray(
        np.dstack([np.zeros((12, 16, 3), np.uint8), 255 * NUMBERS])
    ),
    "has floating point pixels": lambda: Image.fromarray(NUMBERS.astype(np.float32)),
}


@pytest.mark.parametrize("sentence", MISTAKES)
def test_what_is_no_mask_is_refused(sentence, tmp_path):
    MISTAKES[sentence]().save(tmp_path / "mask.tif")
    with pytest.raises(InputError, match=rf"mask\.tif {sentence}"):
        object_mask(tmp_path / "mask.tif")


def test_a_cut_file_is_refused(tmp_path):
    Image.fromarray(NUMBERS).save(tmp_path / "mask.png")
    (tmp_path / "mask.png").write_bytes((tmp_path / "mask.png").read_bytes()[:40])
    with pytest.raises(InputError, match="cannot be decoded as a mask"):
        object_mask(tmp_path / "mask.png")
