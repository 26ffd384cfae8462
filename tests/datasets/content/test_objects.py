"""Objects of images in prepared data, and how evaluations read them."""

import numpy as np
import pytest
import torch

from selfsup.datasets.content.objects import VOID, object_arrays, ragged
from selfsup.datasets.prepared import write_split
from selfsup.errors import NotApplicable
from selfsup.evaluations.reading import objects as reading

pytestmark = pytest.mark.counts(
    "files as people have them: sound, masks, boxes, clips, folders", "their own values, or one sentence"
)

IMAGES = [[([1, 2, 5, 6], 2, False), ([0, 0, 3, 3], 0, True)], [], [([4, 4, 8, 8], 1, False)]]


def write(path, classes=("a", "b", "c"), names=None, **arrays):
    key = np.array([str(n).encode() for n in range(len(next(iter(arrays.values()))))])
    write_split(path, {"key": key, **arrays}, dataset="hand", classes=list(classes), size_px=8, segment_classes=names)
    return path


def test_images_with_any_number_of_objects_are_read_back(tmp_path):
    objects = reading.objects(write(tmp_path / "test.h5", **ragged(IMAGES)))
    assert objects.image.tolist() == [0, 0, 2]
    assert objects.label.tolist() == [2, 0, 1]
    assert objects.difficult.tolist() == [False, True, False]
    assert objects.box.tolist() == [[1, 2, 5, 6], [0, 0, 3, 3], [4, 4, 8, 8]]
    easy = objects.where(~objects.difficult)
    assert easy.image.tolist() == [0, 2]


def test_a_set_without_any_object_is_read_back(tmp_path):
    assert len(reading.objects(write(tmp_path / "test.h5", **ragged([[], []]))).label) == 0


def test_what_is_absent_is_neither_a_box_nor_difficult():
    box, label, everything = np.ones((1, 2, 4)), np.array([[3, 4]]), np.ones((1, 2), bool)
    arrays = object_arrays(box, label, np.array([[True, False]]), everything)
    assert arrays["object_label"].tolist() == [[3, -1]]
    assert arrays["object_difficult"].tolist() == [[True, False]]
    assert np.isnan(arrays["object_box"][0, 1]).all()


def test_the_one_object_of_a_labelled_image_with_a_box_and_a_mask(tmp_path):
    mask = np.zeros((2, 8, 8), np.uint8)
    mask[0, 2:4, 1:3] = 1
    path = write(tmp_path / "test.h5", box=np.array([[1, 2, 3, 4], [0, 0, 8, 8.0]]), label=np.array([1, 2]), mask=mask)
    assert reading.objects(path).label.tolist() == [1, 2]
    assert reading.segments(path)[0, 2].tolist() == [0, 2, 2, 0, 0, 0, 0, 0]
    assert reading.segment_names(path) == ["background", "a", "b", "c"]
    assert torch.equal(reading.foreground(path), torch.from_numpy(mask > 0))


def test_backgrounds_and_void_are_no_objects(tmp_path):
    segments = np.array([[[0, 1], [2, VOID]]], np.uint8)
    path = write(tmp_path / "test.h5", classes=["car"], names=["sky", "road", "car"], segments=segments)
    assert reading.segment_names(path) == ["sky", "road", "car"]
    assert reading.foreground(path).tolist() == [[[False, False], [True, False]]]


@pytest.mark.parametrize(("read", "what"), [(reading.objects, "boxes"), (reading.segments, "segments")])
def test_data_without_objects_do_not_apply(tmp_path, read, what):
    path = write(tmp_path / "test.h5", label=np.array([0, 1]))
    with pytest.raises(NotApplicable, match=f"no {what}"):
        read(path)
