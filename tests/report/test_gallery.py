"""The gallery shows the very pixels that the run wrote."""

import io
from dataclasses import replace

import h5py
import numpy as np
from PIL import Image

from selfsup.report.gallery import gallery


def test_strips_hold_the_images_with_clear_margins(built):
    group = built.content.groups[0]
    strips = gallery(group)
    assert list(strips) == group.variants
    assert [strip.title for strip in strips["simclr"]] == ["view 1", "view 2"]
    first = next(member for member in group.members if member.variant == "rotation")
    with h5py.File(first.run / "views.h5") as file:
        images = file["panel0/images"][:]
    (strip,) = strips["rotation"]
    pixels = np.asarray(Image.open(io.BytesIO(strip.png)))
    cells = pixels.reshape(32, 8, 34, 4)
    assert np.array_equal(cells[:, :, 1:-1, :3].transpose(1, 3, 0, 2), images)
    assert (cells[:, :, 1:-1, 3] == 255).all()
    assert (cells[:, :, [0, -1], 3] == 0).all()
    assert strip.captions[:2] == ["0°", "90°"]


def test_a_run_without_views_has_no_strips(built, tmp_path):
    group = built.content.groups[0]
    bare = replace(group, members=[replace(member, run=tmp_path) for member in group.members])
    assert gallery(bare) == {}
