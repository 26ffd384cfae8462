"""Batches of clips from a prepared file."""

import numpy as np
import pytest
import torch

from selfsup.datasets.prepared import write_split
from selfsup.errors import NotApplicable
from selfsup.evaluations.reading.clip_file import first_clips, labelled_clips


@pytest.fixture
def file(tmp_path):
    def write(**arrays):
        arrays["clip"] = np.random.default_rng(0).integers(0, 255, (5, 4, 3, 6, 8), dtype=np.uint8)
        arrays["key"] = np.array([str(n).encode() for n in range(5)])
        write_split(tmp_path / "test.h5", arrays, dataset="hand", classes=[], size_px=6)
        return tmp_path / "test.h5"

    return write


@pytest.mark.parametrize(("most_pixels", "sizes"), [(1, [1] * 5), (2 * 48 + 1, [2, 2, 1]), (10**6, [5])])
def test_batches_respect_the_pixel_limit(file, most_pixels, sizes):
    place = file(mask=np.ones((5, 4, 6, 8), np.uint8))
    batches = list(labelled_clips(place, most_pixels))
    assert [len(batch.clip) for batch in batches] == sizes
    assert torch.equal(torch.cat([batch.clip for batch in batches]), first_clips(place, 5))
    assert all(batch.keypoint.shape[2] == 0 and (batch.length == 4).all() for batch in batches)


def test_clips_are_batched_by_length_and_padding_is_cut(file):
    length = np.array([2, 3, 4, 4, 2])
    place = file(keypoint=np.zeros((5, 4, 2, 2), np.float32), length=length)
    batches = list(labelled_clips(place, 2 * 48))
    assert [batch.length.tolist() for batch in batches] == [[2, 2], [3, 4], [4]]
    assert [batch.clip.shape[1] for batch in batches] == [2, 4, 4]
    assert [batch.mask.shape[1] for batch in batches] == [2, 4, 4]
    assert batches[0].mask.max() == 0
    assert all((batch.width_px == 8).all() for batch in batches)
    assert torch.equal(batches[0].clip, first_clips(place, 5)[[0, 4], :2])


def test_narrower_clips_have_their_own_width(file):
    place = file(mask=np.ones((5, 4, 6, 8), np.uint8), length=np.array([2, 3, 4, 4, 2]), width_px=np.arange(4, 9))
    assert [batch.width_px.tolist() for batch in labelled_clips(place, 2 * 48)] == [[4, 8], [5, 6], [7]]


def test_clips_without_labels_do_not_apply(file):
    with pytest.raises(NotApplicable, match="neither masks nor keypoints"):
        labelled_clips(file(), 100)
