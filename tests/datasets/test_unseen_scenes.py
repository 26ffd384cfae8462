"""Scenes of unseen objects: the same at every number, with boxes and segments that agree with each other."""

import numpy as np
import pytest

from selfsup.datasets import scenes, unseen_scenes
from selfsup.datasets.prepared import read_split, segment_classes
from selfsup.datasets.procedural import objects, surfaces, unseen
from selfsup.datasets.procedural.factors import BACKGROUNDS


@pytest.fixture(scope="module")
def several():
    """One hundred scenes of up to three objects at 64 px."""
    return unseen_scenes.chunk([0, 200, 0], 64, 3)


def test_nothing_of_it_is_in_the_scenes_of_pretraining():
    assert not set(unseen.CLASSES) & set(objects.CLASSES)
    assert not set(unseen.MATERIALS) & set(surfaces.MATERIALS)
    assert not set(unseen.BACKGROUNDS) & set(BACKGROUNDS)
    assert set(unseen_scenes.STREAMS.values()).isdisjoint(scenes.STREAMS.values())


def test_a_smaller_set_is_the_beginning_of_a_larger_one_and_one_object_has_a_label(tmp_path):
    for name, examples in (("small", 30), ("large", 130)):
        (tmp_path / name).mkdir()
        unseen_scenes.prepare(tmp_path / name, size_px=32, train_examples=examples, test_examples=20)
    small, large = (
        read_split(tmp_path / name / "train.h5", ["image", "label", "segments"]) for name in ("small", "large")
    )
    for name, values in small.arrays.items():
        assert np.array_equal(values, large.arrays[name][:30])
    assert np.bincount(large.arrays["label"][:100]).tolist() == [10] * 10
    assert small.classes == unseen.CLASSES
    assert segment_classes(tmp_path / "small" / "test.h5") == [*unseen.BACKGROUNDS, *unseen.CLASSES]


def test_boxes_hold_the_pixels_of_their_object(several):
    """Each box is within the image; the union of the boxes covers every pixel of an object, and nothing of their class lies
    outside the boxes of that class."""
    assert several["image"].shape == (100, 3, 64, 64)
    assert "label" not in several
    for box, label, segments in zip(several["object_box"], several["object_label"], several["segments"], strict=True):
        covered = {number: np.zeros((64, 64), bool) for number in range(10)}
        for (x0, y0, x1, y1), number in zip(box[label >= 0].astype(int), label[label >= 0], strict=True):
            assert 0 <= x0 < x1 <= 64
            assert 0 <= y0 < y1 <= 64
            covered[number][y0:y1, x0:x1] = True
            assert (segments[y0:y1, x0:x1] == number + 4).any()
        for number, inside in covered.items():
            assert not (segments == number + 4)[~inside].any()


def test_an_image_has_one_to_three_objects_and_absent_ones_are_marked(several):
    count = (several["object_label"] >= 0).sum(1)
    assert set(count) <= {0, 1, 2, 3}
    assert np.bincount(count, minlength=4)[1:].min() > 15
    absent = several["object_label"] < 0
    assert np.isnan(several["object_box"][absent]).all()
    assert not several["object_difficult"][absent].any()
    assert 0 < several["object_difficult"].sum() < 20


def test_a_hidden_object_is_difficult():
    """With ten objects an image many are behind others: the difficult ones show fewer pixels."""
    crowded = unseen_scenes.chunk([0, 200, 100], 32, 10)
    box, difficult = crowded["object_box"], crowded["object_difficult"]
    area = (box[..., 2] - box[..., 0]) * (box[..., 3] - box[..., 1])
    there = crowded["object_label"] >= 0
    assert 0.1 < difficult[there].mean() < 0.5
    assert np.median(area[difficult]) < np.median(area[there & ~difficult])


def test_colour_and_background_do_not_tell_the_class():
    """The mean colour of an image, by the class: classes differ by less than images of one class do."""
    chunks = [unseen_scenes.chunk([0, 200, start], 16, 1) for start in range(0, 1000, 100)]
    colour = np.concatenate([chunk["image"].mean((2, 3)) for chunk in chunks])
    label = np.concatenate([chunk["label"] for chunk in chunks])
    of_class = np.stack([colour[label == number].mean(0) for number in range(10)])
    assert of_class.std(0).max() < 0.25 * colour.std(0).min()
