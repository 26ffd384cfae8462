"""Pictures of tracks: which columns they have, what is painted, and that they move."""

import io
from dataclasses import replace

import h5py
import numpy as np
import pytest
from PIL import Image

from selfsup.report.group import Member
from selfsup.report.pictures import OBJECTS, pictures
from selfsup.report.strips import CELL_PX, MARGIN_PX, comparisons
from tests.report.fabricate import group_of, protocol

SIZE_PX = 64
CELL = CELL_PX + 2 * MARGIN_PX
NAMES = ("true", "method", "grey_patches", "optical_flow", "identity")


def write_tracks(file, shift):
    """Two clips of five and of three frames: a square that moves, and one keypoint, hidden in the second frame."""
    with h5py.File(file, "w") as target:
        target["frames"] = np.full((2, 5, 3, SIZE_PX, SIZE_PX), 100, np.uint8)
        target["length"] = np.array([5, 3])
        for name in NAMES:
            mask = np.zeros((2, 5, SIZE_PX, SIZE_PX), np.uint8)
            for frame in range(5):
                left = 4 * frame + (0 if name == "true" else shift)
                mask[:, frame, 20:30, left : left + 10] = 1
            keypoint = np.full((2, 5, 1, 2), 50.5, np.float32)
            keypoint[:, 1] = np.nan
            target[f"{name}/mask"], target[f"{name}/keypoint"] = mask, keypoint


@pytest.fixture
def group(tmp_path):
    members = []
    for shift, variant in enumerate(("random_video", "video_colorization", "other")):
        folder = tmp_path / variant
        folder.mkdir()
        if variant != "other":
            write_tracks(folder / "pictures.h5", shift)
        measures = {("clips", "label_propagation"): folder / "label_propagation.json"}
        members.append(Member(variant, variant, 0, {}, folder, {}, measures, folder, folder))
    return group_of("clips", members, [protocol("label_propagation")])


def opened(strip):
    return Image.open(io.BytesIO(strip.png))


def cell(image, row, column):
    """Return one image's pixels (H, W, 3) of a picture."""
    top, left = row * CELL + MARGIN_PX, column * CELL + MARGIN_PX
    return np.asarray(image.convert("RGBA"))[top : top + SIZE_PX, left : left + SIZE_PX, :3]


def test_columns_are_the_truth_the_runs_and_the_first_ones_baselines(group):
    for strip in pictures(group):
        assert strip.captions == [
            "truth",
            "random_video",
            "video_colorization",
            "raw grey patches",
            "identity",
            "optical flow",
        ]


def test_objects_are_tinted_and_keypoints_are_dots(group):
    _, still = pictures(group)
    image = opened(still)
    assert image.size == (6 * CELL, 5 * CELL)
    tinted = ((100 + OBJECTS[0].astype(int)) // 2).tolist()
    for column, left in ((0, 8), (1, 8), (2, 9)):
        shown = cell(image, 2, column)  # the third frame
        assert shown[25, left].tolist() == tinted
        assert shown[25, left - 1].tolist() == [100, 100, 100]
        assert (shown[49:52, 49:52] == 255).all()
    assert cell(image, 1, 0)[50, 50].tolist() == [100, 100, 100]  # hidden there


def test_the_moving_picture_moves_and_ends_on_what_a_printer_shows(group):
    moving, _ = pictures(group)
    image = opened(moving)
    assert image.is_animated
    assert image.n_frames == 6  # the still that stands for it, then five frames
    still = cell(image, 0, 0)
    frames = []
    for number in range(1, 6):
        image.seek(number)
        frames.append((cell(image, 0, 0), cell(image, 1, 0)))
    assert np.array_equal(frames[-1][0], still)
    assert not np.array_equal(frames[0][0], frames[1][0])
    assert np.array_equal(frames[2][1], frames[4][1])  # a clip that has ended stands still


def test_equal_tracks_give_equal_bytes(group):
    assert [strip.png for strip in pictures(group)] == [strip.png for strip in pictures(group)]


def test_a_group_without_tracks_has_no_picture(group):
    assert pictures(replace(group, variants=["other"])) == []
    assert pictures(group_of("clips", group.members, [protocol("knn")])) == []


def test_predicted_colours_stand_beside_what_the_pointers_point_at(group, tmp_path):
    names = ("original", "reference", "asked", "pointers_1", "pointers_2", "predicted")
    with h5py.File(tmp_path / "video_colorization" / "predictions.h5", "w") as file:
        file.attrs["kind"] = "video_colorization"
        for level, name in enumerate(names):
            file[f"images/{name}"] = np.full((4, 3, SIZE_PX, SIZE_PX), 10 * level, np.uint8)
    (strip,) = comparisons(group)
    assert strip.captions == ["input", "pointers 1", "pointers 2", "reference", "video_colorization", "original"]
    image = opened(strip)
    assert [int(cell(image, 0, column)[0, 0, 0]) for column in range(6)] == [20, 30, 40, 10, 50, 0]
