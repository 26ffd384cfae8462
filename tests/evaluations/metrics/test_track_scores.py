"""Scores of hand-made tracks: which frames, objects and keypoints count."""

from dataclasses import replace

import pytest
import torch

from selfsup.evaluations.metrics.track_scores import TrackScores, contour_accuracy, object_px
from selfsup.evaluations.reading.clip_file import ClipBatch
from tests.evaluations.named import named

NAN = float("nan")


def truth(frames=5, length=None):
    """Object 1 is 8 x 4 pixels, object 2 appears later; one keypoint of two is hidden at first."""
    mask = torch.zeros(1, frames, 16, 16, dtype=torch.uint8)
    mask[:, :, 4:12, 4:8] = 1
    mask[:, 2:, 12:14, 12:14] = 2
    keypoint = torch.tensor([[6.0, 6.0], [6.0, 10.0]]).expand(1, frames, 2, 2).clone()
    keypoint[:, 0, 1] = NAN
    clip = torch.zeros(1, frames, 3, 16, 16, dtype=torch.uint8)
    return ClipBatch(clip, torch.tensor([length or frames]), torch.tensor([16]), mask, keypoint)


def values(scores, thresholds=(0.1, 0.25)):
    return {name: m.value for name, m in named(scores.measures(list(thresholds))).items()}


def test_the_ground_truth_scores_100():
    true, scores = truth(), TrackScores()
    scores.add(true, true.mask[:, 1:], true.keypoint[:, 1:])
    assert set(values(scores).values()) == {100.0}
    assert len(scores.region) == 1  # the object that the first frame does not show has no track
    assert len(scores.region[0]) == 3  # neither the first frame nor the last


def test_first_and_last_frames_do_not_count_for_masks():
    true, scores = truth(), TrackScores()
    mask = true.mask[:, 1:].clone()
    mask[:, -1] = 0
    scores.add(true, mask, true.keypoint[:, 1:])
    assert values(scores)["j_mean"] == 100
    mask[:, 0] = 0
    scores = TrackScores()
    scores.add(true, mask, true.keypoint[:, 1:])
    assert values(scores)["j_mean"] == pytest.approx(200 / 3)
    assert values(scores)["j_recall"] == pytest.approx(200 / 3)


def test_frames_after_the_end_of_a_clip_do_not_count():
    true, scores = truth(frames=9, length=5), TrackScores()
    mask = true.mask[:, 1:].clone()
    mask[:, 4:] = 0
    scores.add(true, mask, true.keypoint[:, 1:].index_fill(1, torch.arange(4, 8), 0.0))
    assert len(scores.region[0]) == 3
    assert set(values(scores).values()) == {100.0}


def test_recall_is_the_share_of_frames_above_a_half():
    true, scores = truth(), TrackScores()
    mask = true.mask[:, 1:].clone()
    mask[:, 0, 8:12] = 0  # J is a half: not above
    scores.add(true, mask, true.keypoint[:, 1:])
    assert values(scores)["j_recall"] == pytest.approx(200 / 3)


def test_a_keypoint_is_correct_within_a_fraction_of_the_object():
    true, scores = truth(), TrackScores()
    assert object_px(true).tolist() == [8]
    moved = true.keypoint[:, 1:].clone()
    moved[..., 0] += torch.tensor([0.0, 0.7, 1.5, 3.0])[:, None]  # of 8 pixels: 0, .09, .19, .375
    scores.add(true, true.mask[:, 1:], moved)
    assert values(scores) == {"j_mean": 100, "j_recall": 100, "f_mean": 100, "pck@0.1": 50, "pck@0.25": 75}
    assert len(scores.distance[0]) == 4  # the keypoint that is hidden in the first frame does not count


def test_without_masks_the_unit_is_the_box_of_the_keypoints():
    true = truth()
    bare = replace(true, mask=torch.zeros_like(true.mask), keypoint=true.keypoint.nan_to_num(14.0))
    assert object_px(bare).tolist() == [8]
    scores = TrackScores()
    scores.add(bare, bare.mask[:, 1:], bare.keypoint[:, 1:])
    assert values(scores) == {"pck@0.1": 100, "pck@0.25": 100}


def test_the_tolerance_of_a_contour_is_of_the_clips_own_size():
    """Narrow clips beside one of 300 px: in its diagonal F's tolerance is 3 px, in theirs 1, and the mask is 2 px off."""
    true = torch.zeros(3, 4, 40, 300, dtype=torch.uint8)
    true[:, :, 10:30, 10:30] = 1
    mask, width_px = true[:, 1:].roll(2, -1), torch.tensor([60, 60, 300])
    padded = ClipBatch(torch.zeros(3, 4, 3, 40, 300), torch.full((3,), 4), width_px, true, torch.zeros(3, 4, 0, 2))
    scores = TrackScores()
    scores.add(padded, mask, padded.keypoint[:, 1:])
    alone = contour_accuracy(mask[0, :2, :, :60] == 1, true[0, 1:3, :, :60] == 1).tolist()
    assert [contour[0].item() for contour in scores.contour] == pytest.approx([alone[0], alone[0], 1.0])
    assert alone[0] < 0.7


def test_a_mask_in_the_padding_of_a_clip_does_not_count():
    true = truth()
    narrow, mask = replace(true, width_px=torch.tensor([10])), true.mask[:, 1:].clone()
    mask[..., 10:] = 1
    scores = TrackScores()
    scores.add(narrow, mask, true.keypoint[:, 1:])
    assert values(scores)["j_mean"] == values(scores)["f_mean"] == 100
