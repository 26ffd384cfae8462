"""Pictures of channels hold what their half sees, and nothing of what it must answer."""

import pytest
import torch

from selfsup.nn.inputs import preprocess
from selfsup.views.lab import rgb_to_lab
from selfsup.views.pictures.channels import SHOWN_LIGHTNESS, picture


@pytest.fixture
def images():
    """Colours dull enough that each of them exists at the lightness at which colour is shown."""
    return 0.4 + 0.2 * torch.rand(3, 4, 5, 6, generator=torch.Generator().manual_seed(0))


def test_lightness_is_kept_without_colour(images):
    before, after = rgb_to_lab(images[:, :3]), rgb_to_lab(picture(images, "lightness"))
    torch.testing.assert_close(after[:, 0], before[:, 0], rtol=0, atol=0.01)
    assert after[:, 1:].abs().max() < 0.05
    assert before[:, 1:].abs().max() > 5


def test_colour_is_kept_at_one_lightness(images):
    before, after = rgb_to_lab(images[:, :3]), rgb_to_lab(picture(images, "ab"))
    torch.testing.assert_close(after[:, 1:], before[:, 1:], rtol=0, atol=0.05)
    torch.testing.assert_close(after[:, 0], torch.full_like(after[:, 0], SHOWN_LIGHTNESS), rtol=0, atol=0.01)


def test_a_half_sees_the_same_of_its_picture(images):
    for kind in ("rgb", "lab", "lightness", "ab"):
        torch.testing.assert_close(preprocess(picture(images, kind), kind), preprocess(images, kind), rtol=0, atol=2e-3)
    assert torch.equal(picture(images, "depth"), images[:, 3:].repeat(1, 3, 1, 1))
