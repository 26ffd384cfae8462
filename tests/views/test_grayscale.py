"""Luma and grey views against torchvision's."""

import pytest
import torch

from selfsup.views.grayscale import grayscale_, luma

TF = pytest.importorskip("torchvision.transforms.v2.functional")


def test_luma_is_torchvisions(images_40x56px):
    images = images_40x56px / 255
    torch.testing.assert_close(luma(images), TF.rgb_to_grayscale(images)[:, 0], atol=1e-7, rtol=0)


def test_only_chosen_views_turn_grey(images_32px):
    images = images_32px / 255
    gray = torch.arange(len(images)) % 3 == 0
    ours = grayscale_(images.clone(), gray)
    torch.testing.assert_close(ours[gray], TF.rgb_to_grayscale(images[gray], 3), atol=1e-7, rtol=0)
    assert torch.equal(ours[~gray], images[~gray])
