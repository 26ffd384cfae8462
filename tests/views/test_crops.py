"""Crops against torchvision's: the same pixels for the same boxes, the same law of boxes."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import chisquare, ks_2samp

from selfsup.views.crops import draw_boxes, resized_crop

TF = pytest.importorskip("torchvision.transforms.v2.functional")
RandomResizedCrop = pytest.importorskip("torchvision.transforms").RandomResizedCrop


def seeded(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def torchvision_crops(images, boxes, flip, size_px):
    crops = []
    for image, box, mirrored in zip(images.float() / 255, boxes.tolist(), flip.tolist(), strict=True):
        crop = TF.resized_crop(image, *box, [size_px, size_px], antialias=True)
        crops.append(TF.horizontal_flip(crop) if mirrored else crop)
    return torch.stack(crops)


@pytest.mark.parametrize("fixture", ["images_32px", "images_64px", "images_40x56px"])
@pytest.mark.parametrize("size_px", [32, 24, 71])
def test_pixels_are_torchvisions(fixture, size_px, request):
    images = request.getfixturevalue(fixture)
    boxes = draw_boxes(len(images), seeded(1), height_px=images.shape[2], width_px=images.shape[3], scale_min=0.05)
    flip = torch.rand(len(images), generator=seeded(2)) < 0.5
    ours = resized_crop(images, boxes, flip, size_px)
    torch.testing.assert_close(ours, torchvision_crops(images, boxes, flip, size_px), atol=2e-6, rtol=0)


def test_float_images_keep_their_range(images_32px):
    boxes = torch.tensor([[3, 5, 20, 17]]).expand(len(images_32px), 4)
    flip = torch.zeros(len(images_32px), dtype=torch.bool)
    from_bytes = resized_crop(images_32px, boxes, flip, 32)
    torch.testing.assert_close(resized_crop(images_32px.float() / 255, boxes, flip, 32), from_bytes, atol=1e-6, rtol=0)


def test_a_box_of_the_complete_image_is_the_image(images_32px):
    boxes = torch.tensor([[0, 0, 32, 32]]).expand(len(images_32px), 4)
    flip = torch.zeros(len(images_32px), dtype=torch.bool)
    torch.testing.assert_close(resized_crop(images_32px, boxes, flip, 32), images_32px / 255, atol=1e-6, rtol=0)


def test_flip_twice_is_identity(images_32px):
    boxes = torch.tensor([[0, 0, 32, 32]]).expand(len(images_32px), 4)
    flip = torch.ones(len(images_32px), dtype=torch.bool)
    once = resized_crop(images_32px, boxes, flip, 32)
    assert (once - images_32px / 255).abs().max() > 0.1
    torch.testing.assert_close(resized_crop(once, boxes, flip, 32), images_32px / 255, atol=1e-6, rtol=0)


@pytest.mark.parametrize(("height_px", "width_px"), [(32, 32), (40, 56)])
@pytest.mark.parametrize("scale_min", [0.08, 0.5])
def test_boxes_are_distributed_as_torchvisions(height_px, width_px, scale_min):
    """Two-sample Kolmogorov-Smirnov on each coordinate; 0.001 a test leaves a false alarm in about 1 of 60 seeds."""
    ours = draw_boxes(4000, seeded(3), height_px=height_px, width_px=width_px, scale_min=scale_min).numpy()
    image = torch.empty(3, height_px, width_px)
    with torch.random.fork_rng():
        torch.manual_seed(4)
        theirs = torch.tensor(
            [RandomResizedCrop.get_params(image, [scale_min, 1.0], [3 / 4, 4 / 3]) for _ in range(4000)]
        )
    for column in range(4):
        assert ks_2samp(ours[:, column], theirs.numpy()[:, column]).pvalue > 1e-3


def test_positions_are_uniform():
    boxes = draw_boxes(
        8000, seeded(5), height_px=32, width_px=32, scale_min=0.25, scale_max=0.25, ratio_min=1.0, ratio_max=1.0
    )
    assert (boxes[:, 2:] == 16).all()
    for column in range(2):
        counts = torch.bincount(boxes[:, column], minlength=17)
        assert len(counts) == 17
        assert chisquare(counts.numpy()).pvalue > 1e-3


@pytest.mark.parametrize(
    ("height_px", "width_px", "box"),
    [(10, 100, [0, 43, 10, 13]), (100, 10, [43, 0, 13, 10]), (32, 32, [0, 0, 32, 32])],
)
def test_fallback_is_the_central_box(height_px, width_px, box):
    """The scale that no attempt can fit; the expected boxes are those of torchvision's own fallback."""
    law = {"scale_min": 1.4, "scale_max": 1.5}
    boxes = draw_boxes(16, seeded(6), height_px=height_px, width_px=width_px, **law)
    theirs = RandomResizedCrop.get_params(torch.empty(3, height_px, width_px), [1.4, 1.5], [3 / 4, 4 / 3])
    assert list(theirs) == box
    assert boxes.tolist() == [box] * 16


@settings(max_examples=60, deadline=None)
@given(
    height_px=st.integers(1, 300),
    width_px=st.integers(1, 300),
    scale_min=st.floats(0.001, 1.0),
    seed=st.integers(0, 2**31),
)
def test_boxes_are_inside_the_image(height_px, width_px, scale_min, seed):
    boxes = draw_boxes(50, seeded(seed), height_px=height_px, width_px=width_px, scale_min=scale_min)
    top, left, height, width = boxes.unbind(1)
    assert boxes.shape == (50, 4)
    assert boxes.dtype == torch.int64
    assert (top >= 0).all()
    assert (left >= 0).all()
    assert (height >= 1).all()
    assert (width >= 1).all()
    assert (top + height <= height_px).all()
    assert (left + width <= width_px).all()
