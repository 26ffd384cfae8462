"""What imported weights expect of an image: torchvision's own numbers."""

import pytest
import torch
from torchvision.transforms.v2 import functional as theirs

from selfsup.errors import InputError
from selfsup.nn.inputs import preprocess_as

MEAN, STD = [0.485, 0.456, 0.406], [0.229, 0.224, 0.225]


@pytest.mark.parametrize("interpolation", ["bilinear", "bicubic"])
@pytest.mark.parametrize(("height_px", "width_px"), [(32, 32), (33, 50), (90, 61)])
def test_resized_cut_and_normalised_as_by_torchvision(interpolation, height_px, width_px):
    shape = (2, 3, height_px, width_px)
    images = torch.randint(0, 256, shape, dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
    mode = theirs.InterpolationMode(interpolation)
    resized = theirs.resize(images.float() / 255, [40], interpolation=mode, antialias=True).clamp(0, 1)
    expected = theirs.normalize(theirs.center_crop(resized, [37, 37]), MEAN, STD)
    found = preprocess_as(images, mean=MEAN, std=STD, resize_px=40, crop_px=37, interpolation=interpolation)
    torch.testing.assert_close(found, expected, rtol=1e-5, atol=1e-5)
    assert found.is_contiguous(memory_format=torch.channels_last)


def test_sizes_may_stay_as_they_are():
    images = torch.rand(1, 3, 5, 7)
    found = preprocess_as(images, mean=[0.5] * 3, std=[0.25] * 3)
    torch.testing.assert_close(found, (images - 0.5) / 0.25)


def test_a_crop_larger_than_the_image_is_one_sentence():
    with pytest.raises(InputError, match=r"crop_px is 224.*32 x 32"):
        preprocess_as(torch.zeros(1, 3, 32, 32), mean=MEAN, std=STD, crop_px=224)


def test_a_mean_of_one_channel_is_one_sentence():
    with pytest.raises(InputError, match="three values"):
        preprocess_as(torch.zeros(1, 3, 32, 32), mean=[0.5], std=[0.5])
