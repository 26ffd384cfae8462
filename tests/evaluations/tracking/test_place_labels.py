"""Labels of places: what goes in comes out."""

import torch

from selfsup.evaluations.tracking.place_labels import from_places, place_labels

NAN = float("nan")


def test_masks_and_keypoints_come_back():
    mask = torch.zeros(2, 32, 48, dtype=torch.uint8)
    mask[0, 8:24, 8:24], mask[1, 4:20, 24:44] = 1, 2
    keypoint = torch.tensor([[[10.0, 22.0], [NAN, NAN]], [[40.0, 6.0], [30.0, 18.0]]])
    labels = place_labels(mask, keypoint, 2, torch.Size((8, 12)))
    assert labels.shape == (2, 5, 8, 12)
    torch.testing.assert_close(labels[:, :3].sum(1), torch.ones(2, 8, 12))
    assert labels[0, 4].abs().max() == 0
    found, points = from_places(labels, 2, torch.Size((32, 48)))
    assert found.dtype == torch.uint8
    assert (found != mask).float().mean() < 0.03  # corners
    assert ((points - keypoint).norm(dim=-1)[~keypoint.isnan().any(-1)] < 3).all()


def test_there_may_be_no_objects_and_no_keypoints():
    labels = place_labels(torch.zeros(1, 8, 8, dtype=torch.uint8), torch.zeros(1, 0, 2), 0, torch.Size((2, 2)))
    mask, keypoint = from_places(labels, 0, torch.Size((8, 8)))
    assert mask.max() == 0
    assert keypoint.shape == (1, 0, 2)
