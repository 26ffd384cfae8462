"""Pictures of sound: where a tone lies, when it is heard, and the range of colours."""

import torch

from selfsup.views.spectrograms import colour, spectrogram

RATE_HZ = 8000


def tone(pitch_hz, seconds=0.64):
    return 0.5 * torch.sin(2 * torch.pi * pitch_hz * torch.arange(round(seconds * RATE_HZ)) / RATE_HZ)[None]


def brightness(picture):
    return picture.sum(1)


def test_shape_and_range():
    picture = spectrogram(torch.randn(3, 5120), 80, 48)
    assert picture.shape == (3, 3, 48, 64)
    assert picture.min() >= 0
    assert picture.max() <= 1


def test_a_higher_tone_lies_higher():
    rows = [int(brightness(spectrogram(tone(hz), 80, 64))[0].mean(1).argmax()) for hz in (500, 2000, 3500)]
    assert rows[0] > rows[1] > rows[2]
    for row, hz in zip(rows, (500, 2000, 3500), strict=True):
        assert abs(row - 64 * (1 - hz / 4000)) < 2.5


def test_a_sound_stands_where_it_is_heard():
    waveform = tone(1000)
    waveform[:, :2560] = 0
    level = brightness(spectrogram(waveform, 80, 64))[0].amax(0)
    assert level[:28].max() < 0.3
    assert level[36:60].min() > 1.5


def test_silence_is_no_error():
    assert spectrogram(torch.zeros(1, 800), 80, 16).isfinite().all()


def test_brighter_is_louder():
    ramp = colour(torch.linspace(0, 1, 50)[None, None])[0, :, 0]
    luma = torch.tensor([0.299, 0.587, 0.114]) @ ramp
    assert (luma.diff() > 0).all()
