"""Pictures of channels, pointers and sound: what they show, where, and in which range."""

import pytest
import torch

from selfsup.nn.inputs import preprocess
from selfsup.views.lab import rgb_to_lab
from selfsup.views.pictures import (
    HEAT,
    MARK,
    SHOWN_LIGHTNESS,
    colour,
    heat_over,
    marked,
    most_colourful_position,
    picture,
    spectrogram,
)


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


def test_a_picture_has_the_channels_of_its_image(images):
    for kind in ("rgb", "lab", "lightness", "ab"):
        torch.testing.assert_close(preprocess(picture(images, kind), kind), preprocess(images, kind), rtol=0, atol=2e-3)
    assert torch.equal(picture(images, "depth"), images[:, 3:].repeat(1, 3, 1, 1))


def test_the_most_colourful_position_is_where_the_colour_is():
    image = torch.full((2, 3, 16, 16), 0.5)
    image[0, :, 4:8, 8:12] = torch.tensor([0.9, 0.1, 0.1])[:, None, None]
    image[1, :, 12:, :4] = torch.tensor([0.1, 0.1, 0.9])[:, None, None]
    assert most_colourful_position(image, (4, 4)).tolist() == [1 * 4 + 2, 3 * 4]


def test_a_position_is_framed_and_not_covered():
    image = torch.full((1, 3, 16, 16), 0.5)
    found = marked(image, torch.tensor([5]), (4, 4))
    assert torch.equal(found[0, :, 4:8, 4:8], image[0, :, 4:8, 4:8])
    assert torch.equal(found[0, :, 3, 3], torch.tensor(MARK))
    assert torch.equal(found[0, :, 0], image[0, :, 0])


def test_heat_is_brightest_where_it_is_highest():
    heat = torch.zeros(1, 4, 4)
    heat[0, 1, 2] = 3.0
    found = heat_over(torch.full((1, 3, 4, 4), 0.5), heat)
    assert torch.equal(found[0, :, 1, 2], torch.tensor(HEAT))
    torch.testing.assert_close(found[0, :, 3, 0], torch.full((3,), 0.3))
    assert heat_over(torch.rand(1, 3, 4, 4), torch.zeros(1, 2, 2)).isfinite().all()


RATE_HZ = 8000


def tone(pitch_hz, seconds=0.64):
    return 0.5 * torch.sin(2 * torch.pi * pitch_hz * torch.arange(round(seconds * RATE_HZ)) / RATE_HZ)[None]


def brightness(picture):
    return picture.sum(1)


def test_a_spectrogram_has_its_shape_and_range():
    picture = spectrogram(torch.randn(3, 5120), 80, 48)
    assert picture.shape == (3, 3, 48, 64)
    assert picture.min() >= 0
    assert picture.max() <= 1


def test_a_higher_tone_is_higher_in_the_picture():
    rows = [int(brightness(spectrogram(tone(hz), 80, 64))[0].mean(1).argmax()) for hz in (500, 2000, 3500)]
    assert rows[0] > rows[1] > rows[2]
    for row, hz in zip(rows, (500, 2000, 3500), strict=True):
        assert abs(row - 64 * (1 - hz / 4000)) < 2.5


def test_a_sound_is_at_its_time_in_the_spectrogram():
    waveform = tone(1000)
    waveform[:, :2560] = 0
    level = brightness(spectrogram(waveform, 80, 64))[0].amax(0)
    assert level[:28].max() < 0.3
    assert level[36:60].min() > 1.5


def test_the_spectrogram_of_silence_is_finite():
    assert spectrogram(torch.zeros(1, 800), 80, 16).isfinite().all()


def test_luma_increases_with_the_level():
    ramp = colour(torch.linspace(0, 1, 50)[None, None])[0, :, 0]
    luma = torch.tensor([0.299, 0.587, 0.114]) @ ramp
    assert (luma.diff() > 0).all()
