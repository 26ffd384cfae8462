"""The affine jitter: equal to the exact one where nothing clamps and the hue rests, close to it elsewhere."""

import torch

from selfsup.views.color import draw_jitter, jitter_
from selfsup.views.color_affine import affine_jitter_


def drawn(examples, **changes):
    strengths = {"brightness": 0.8, "contrast": 0.8, "saturation": 0.8, "hue": 0.2, "probability": 0.8}
    return draw_jitter(examples, torch.Generator().manual_seed(0), **{**strengths, **changes})


def test_exact_where_nothing_clamps(images_32px):
    """Values within 0.3 to 0.5 and factors within 0.8 to 1.2 stay inside [0, 1] after every operation."""
    images = 0.3 + 0.2 * images_32px / 255
    parameters = drawn(len(images), brightness=0.2, contrast=0.2, saturation=0.2, hue=0.0)
    ours = affine_jitter_(images.clone(), **parameters)
    torch.testing.assert_close(ours, jitter_(images.clone(), **parameters), atol=1e-5, rtol=0)
    assert (ours - images).abs().mean() > 0.01


def test_near_the_exact_jitter(images_32px):
    images = images_32px / 255
    parameters = drawn(len(images))
    exact = jitter_(images.clone(), **parameters)
    ours = affine_jitter_(images.clone(), **parameters)
    backwards = affine_jitter_(images.clone(), **{**parameters, "hue": -parameters["hue"]})
    error = (ours - exact).abs().mean()
    assert error < 0.05
    assert (backwards - exact).abs().mean() > 1.3 * error


def test_hue_turns_as_the_exact_one():
    red = torch.tensor([0.6, 0.4, 0.4]).view(1, 3, 1, 1)
    parameters = {"factors": torch.ones(1, 3), "hue": torch.tensor([0.1]), "order": torch.arange(4)[None]}
    towards_green = affine_jitter_(red.clone(), **parameters).flatten()
    assert towards_green[1] > towards_green[2] + 0.02


def test_identity_and_range(images_32px):
    images = images_32px / 255
    parameters = drawn(len(images), probability=0.0)
    torch.testing.assert_close(affine_jitter_(images.clone(), **parameters), images, atol=1e-6, rtol=0)
    jittered = affine_jitter_(images.clone(), **drawn(len(images)))
    assert 0 <= jittered.min() <= jittered.max() <= 1
