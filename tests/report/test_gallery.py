"""The gallery shows the very pixels that the run wrote."""

import io
from dataclasses import replace

import h5py
import numpy as np
import pytest
from PIL import Image

from selfsup.report.gallery import CELL_PX, CELLS, MARGIN_PX, Strip, gallery, picture


def test_strips_hold_the_images_with_clear_margins(built):
    group = built.content.groups[0]
    strips = gallery(group)
    assert list(strips) == group.variants
    assert [strip.title for strip in strips["simclr"]] == ["view 1", "view 2"]
    first = next(member for member in group.members if member.variant == "rotation")
    with h5py.File(first.gallery / "views.h5") as file:
        images = file["panel0/images"][:]
    (strip,) = strips["rotation"]
    pixels = np.asarray(Image.open(io.BytesIO(strip.png)))
    cells = pixels.reshape(64 + 2 * MARGIN_PX, 8, 64 + 2 * MARGIN_PX, 4)
    inner = cells[MARGIN_PX:-MARGIN_PX, :, MARGIN_PX:-MARGIN_PX]
    assert np.array_equal(inner[::2, :, ::2, :3].transpose(1, 3, 0, 2), images)
    assert np.array_equal(inner[1::2, :, 1::2], inner[::2, :, ::2])
    assert (inner[..., 3] == 255).all()
    assert cells[..., 3].sum() == inner[..., 3].sum(dtype=int)
    assert strip.captions[:2] == ["0°", "90°"]


@pytest.mark.parametrize("size", [10, 24, 32, 64, 96])
def test_cells_of_any_size_are_seen_alike(size):
    """Tiles of 10 px are as large to the eye as whole images: every cell is at least CELL_PX wide."""
    generator = np.random.default_rng(size)
    images = generator.integers(0, 256, (2, 3, 3, size, size), dtype=np.uint8)
    pixels = np.asarray(Image.open(io.BytesIO(picture(images))))
    height, width = pixels.shape[0] // 2, pixels.shape[1] // 3
    times = (width - 2 * MARGIN_PX) // size
    assert CELL_PX <= times * size < CELL_PX + size
    lower_right = pixels[height:, 2 * width :][MARGIN_PX:-MARGIN_PX:times, MARGIN_PX:-MARGIN_PX:times, :3]
    assert np.array_equal(lower_right.transpose(2, 0, 1), images[1, 2])


def test_a_strip_is_as_wide_as_its_cells():
    assert Strip("s", "", ["a"] * CELLS, b"").width == 1.0
    assert Strip("s", "", ["a", "b"], b"").width == pytest.approx(2 / CELLS)


def test_what_was_seen_before_is_not_shown_again(built):
    group = built.content.groups[0]
    twin = {m.seed: m for m in group.members if m.variant == "simclr"}
    members = [replace(m, gallery=twin[m.seed].gallery) if m.variant == "moco_v2" else m for m in group.members]
    assert set(gallery(replace(group, members=members))) == set(group.variants) - {"moco_v2"}


def test_a_run_without_views_has_no_strips(built, tmp_path):
    group = built.content.groups[0]
    bare = replace(group, members=[replace(member, gallery=tmp_path) for member in group.members])
    assert gallery(bare) == {}
