"""Masks are cropped as the images they belong to."""

import torch

from selfsup.views.crops import draw_boxes, resized_crop
from selfsup.views.mask_crops import nearest_crop


def test_masks_are_cropped_as_their_images():
    """Of an image whose pixels are their class, box by box and mirrored."""
    rng = torch.Generator().manual_seed(0)
    classes = torch.randint(0, 2, (40, 6, 6), generator=rng).repeat_interleave(4, 1).repeat_interleave(4, 2)
    boxes = draw_boxes(40, rng, height_px=24, width_px=24, scale_min=0.3)
    flip = torch.rand(40, generator=rng) < 0.5
    cropped = resized_crop(classes[:, None].float(), boxes, flip, 24)[:, 0]
    nearest = nearest_crop(classes, boxes, flip, 24)
    assert ((cropped.round() == nearest).double().mean(0) > 0.9).double().mean() > 0.9
    whole = torch.tensor([[0, 0, 24, 24]]).expand(40, -1)
    assert torch.equal(nearest_crop(classes, whole, torch.zeros(40, dtype=torch.bool), 24), classes)
    assert torch.equal(nearest_crop(classes, whole, torch.ones(40, dtype=torch.bool), 24), classes.flip(2))
