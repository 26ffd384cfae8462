"""The gallery shows the very pixels that the run wrote."""

import io
from dataclasses import replace

import h5py
import numpy as np
import pytest
from PIL import Image

from selfsup.report.strips import CELL_PX, CELLS, MARGIN_PX, gallery, picture


def test_strips_hold_the_images_with_clear_margins(built):
    group = built.content.groups[0]
    strips = {panels[0].owner: panels for panels in gallery(group)}
    assert list(strips) == [group.title(variant) for variant in group.variants]
    assert [strip.title for strip in strips["SimCLR"]] == ["view 1", "view 2"]
    first = next(member for member in group.members if member.variant == "rotation")
    with h5py.File(first.gallery / "views.h5") as file:
        images = file["panel0/images"][:]
    (strip,) = strips["Rotation"]
    pixels = np.asarray(Image.open(io.BytesIO(strip.png)))
    cells = pixels.reshape(64 + 2 * MARGIN_PX, 8, 64 + 2 * MARGIN_PX, 4)
    inner = cells[MARGIN_PX:-MARGIN_PX, :, MARGIN_PX:-MARGIN_PX]
    assert np.array_equal(inner[::2, :, ::2, :3].transpose(1, 3, 0, 2), images)
    assert np.array_equal(inner[1::2, :, 1::2], inner[::2, :, ::2])
    assert (inner[..., 3] == 255).all()
    assert cells[..., 3].sum() == inner[..., 3].sum(dtype=int)
    assert strip.captions[:2] == ["0°", "90°"]


@pytest.mark.parametrize("size", [10, 24, 32, 64, 96])
def test_images_of_any_size_are_shown_as_large(size):
    """Every cell is at least CELL_PX wide."""
    generator = np.random.default_rng(size)
    images = generator.integers(0, 256, (2, 3, 3, size, size), dtype=np.uint8)
    pixels = np.asarray(Image.open(io.BytesIO(picture(images))))
    height, width = pixels.shape[0] // 2, pixels.shape[1] // 3
    times = (width - 2 * MARGIN_PX) // size
    assert CELL_PX <= times * size < CELL_PX + size
    lower_right = pixels[height:, 2 * width :][MARGIN_PX:-MARGIN_PX:times, MARGIN_PX:-MARGIN_PX:times, :3]
    assert np.array_equal(lower_right.transpose(2, 0, 1), images[1, 2])


def test_a_strip_is_as_wide_as_its_cells(built):
    strips = [strip for panels in gallery(built.content.groups[0]) for strip in panels]
    assert strips
    assert all(strip.width == pytest.approx(8 / CELLS) for strip in strips)


def test_equal_views_are_shown_once(built):
    group = built.content.groups[0]
    twin = {m.seed: m for m in group.members if m.variant == "simclr"}
    members = [replace(m, gallery=twin[m.seed].gallery) if m.variant == "moco_v2" else m for m in group.members]
    owners = {panels[0].owner for panels in gallery(replace(group, members=members))}
    assert owners == {group.title(variant) for variant in group.variants} - {"MoCo v2"}


def test_a_run_without_views_has_no_strips(built, tmp_path):
    group = built.content.groups[0]
    bare = replace(group, members=[replace(member, gallery=tmp_path) for member in group.members])
    assert gallery(bare) == []
