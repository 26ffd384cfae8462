"""Keypoint transfer on hand-made pairs: an object of 8 x 8 pixels, shifted, stands for another of its class."""

import math
from dataclasses import replace

import numpy as np
import pytest
import torch

from selfsup.errors import NotApplicable
from selfsup.evaluations import keypoint_transfer
from selfsup.evaluations.keypoint_transfer import centroid
from selfsup.nn.encoder import build, save_encoder
from tests.evaluations.named import named
from tests.evaluations.pairs import MOVE, SIZE_PX, write_pairs

KEYS = {"thresholds": [5, 10], "patch_px": 1, "memory_mb": 1.0, "batch_size": 4}
DIAGONAL = math.hypot(SIZE_PX, SIZE_PX)
POINTS = np.array([[4.5, 4.5], [11.5, 9.5], [np.nan, np.nan]], np.float32)
MOVED = POINTS + np.array(MOVE, np.float32)


@pytest.fixture
def run(inputs, tmp_path):
    torch.manual_seed(0)
    save_encoder(build({"backbone": "dense_conv", "width": 4, "dimension": 5}), inputs.weights)
    return replace(inputs, pictures=tmp_path)


def write(run, kind=(1, 1, 0, 1), second=MOVED):
    first = np.tile(POINTS, (len(kind), 1, 1))
    second = np.tile(second, (len(kind), 1, 1))
    more = {"kind": np.array(kind, np.uint8), "first_keypoint": first, "second_keypoint": second}
    write_pairs(run.target, count=len(kind), **more)


def by_metric(measures):
    return named(measures)


def test_measures_of_a_hand_made_case(run):
    write(run)
    found = by_metric(keypoint_transfer.evaluate(run, **KEYS))
    suffixes = ("", "/maps", "/colours", "/same_pixel", "/chance", "/object_middle")
    assert set(found) == {f"{m}{s}" for m in ("error", "error_median", "within@5", "within@10") for s in suffixes}
    assert {m.n for m in found.values()} == {3}  # the pairs of one class
    assert found["error/colours"].value == 0  # one pixel of noise is alike nowhere else
    assert found["error/same_pixel"].value == pytest.approx(100 * math.hypot(*MOVE) / DIAGONAL)
    middle = np.array([8 + MOVE[0], 8 + MOVE[1]])
    off = np.linalg.norm(POINTS[:2] + np.array(MOVE) - middle, axis=1)
    assert found["error/object_middle"].value == pytest.approx(100 * off.mean() / DIAGONAL)


def test_the_truth_is_the_keypoint_of_the_second_object(run):
    write(run, second=POINTS + np.array([MOVE[0] + 2, MOVE[1]], np.float32))
    found = by_metric(keypoint_transfer.evaluate(run, **KEYS))
    assert found["error/colours"].value == pytest.approx(100 * 2 / DIAGONAL)


def test_a_keypoint_hidden_in_one_image_is_left_out(run):
    second = MOVED.copy()
    second[0] = np.nan
    write(run, second=second)
    middle = np.array([8 + MOVE[0], 8 + MOVE[1]])
    expected = 100 * np.linalg.norm(POINTS[1] + np.array(MOVE) - middle) / DIAGONAL
    assert by_metric(keypoint_transfer.evaluate(run, **KEYS))["error/object_middle"].value == pytest.approx(expected)
    write(run, second=np.full_like(POINTS, np.nan))
    with pytest.raises(NotApplicable, match="no pair of the test set shows a keypoint"):
        keypoint_transfer.evaluate(run, **KEYS)


def test_the_centroid_is_the_mean_of_the_objects_pixels():
    mask = torch.zeros(6, 8, dtype=torch.uint8)
    mask[1:3, 2:6] = 2
    assert centroid(mask).tolist() == [4.0, 2.0]


def test_pairs_without_keypoints_do_not_apply(run):
    write_pairs(run.target)
    with pytest.raises(NotApplicable, match="no keypoints"):
        keypoint_transfer.evaluate(run, **KEYS)
