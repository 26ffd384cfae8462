"""First-layer filters: which convolution they are of, how they are shown and counted."""

import h5py
import pytest
import torch

from selfsup.errors import NotApplicable
from selfsup.evaluations import filters
from selfsup.nn.encoder import build, save_encoder
from tests.evaluations.named import named


def saved(inputs, description, change=lambda encoder: None):
    encoder = build(description)
    change(encoder)
    save_encoder(encoder, inputs.weights)
    return named(filters.evaluate(inputs, used=0.1))


def test_small_filters_are_counted(inputs):
    def shrink(encoder):
        convolution = next(m for m in encoder.modules() if isinstance(m, torch.nn.Conv2d))
        convolution.weight.data[:3] *= 1e-4

    measures = saved(inputs, {"backbone": "small_conv", "width": 12}, shrink)
    assert measures["filters"].value == 12
    assert measures["unused"].value == pytest.approx(25)
    with h5py.File(inputs.pictures / "pictures.h5") as file:
        # 12 filters of 5 x 5 in 3 rows of 4, each 30 pixels and a margin of 2
        assert file["images"].shape == (1, 1, 3, 96, 128)


def test_each_part_of_a_split_brain_is_shown_on_its_own_scale(inputs):
    parts = [{"backbone": "small_conv", "width": 4, "input": kind} for kind in ("lightness", "ab")]

    def weaken(encoder):
        for convolution in encoder.parts[1].modules():
            if isinstance(convolution, torch.nn.Conv2d):
                convolution.weight.data *= 1e-3

    assert saved(inputs, {"parts": parts}, weaken)["unused"].value == 0
    assert [weight.shape[1] for weight in filters.first_filters(build({"parts": parts}))] == [1, 2]


def test_colours_of_filters():
    grey = filters.as_images(torch.zeros(1, 3, 2, 2))
    assert torch.equal(grey, torch.full((1, 3, 2, 2), 0.5))
    red = filters.as_images(torch.tensor([1.0, 0, 0])[None, :, None, None])
    assert red.flatten().tolist() == [1, 0.5, 0.5]
    light = filters.as_images(torch.tensor([[[[2.0, -2.0]]]]))
    assert light[0, :, 0].tolist() == [[1, 0]] * 3
    warm = filters.as_images(torch.tensor([1.0, 0.0])[None, :, None, None]).flatten()
    assert warm[0] > warm[1]  # a positive a is red, not green


def test_the_first_layer_must_be_a_convolution_of_an_image(inputs):
    with pytest.raises(NotApplicable, match="no convolution of an image"):
        saved(inputs, {"backbone": "pixels"})
