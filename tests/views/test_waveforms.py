"""Windows of waveforms: where they are, how loud, which labels they have, and where silence fills them up."""

import pytest
import torch

from selfsup.seeds import generator
from selfsup.views.waveforms import draw_window, first_sample, frames_of, sounding, windows

WAVEFORM = torch.arange(1, 1601, dtype=torch.int16).repeat(4, 1) + 100 * torch.arange(4, dtype=torch.int16)[:, None]


def test_gains_are_within_their_decibels():
    draws = draw_window(4000, 6.0, generator(0, "views"))
    decibels = 20 * draws["gain"].log10()
    assert decibels.min() == pytest.approx(-6, abs=0.1)
    assert decibels.max() == pytest.approx(6, abs=0.1)
    assert decibels.mean() == pytest.approx(0, abs=0.3)
    assert torch.equal(draw_window(8, 0.0, generator(0, "views"))["gain"], torch.ones(8))


def test_windows_are_anywhere_within_the_sound():
    start = draw_window(4000, 0.0, generator(0, "views"))["start"]
    count = first_sample(torch.ones(4000, 100), start, 97).bincount()
    assert len(count) == 4
    assert count.min() > 900


def test_windows_contain_as_much_sound_as_possible():
    waveform = torch.ones(3, 100)
    waveform[1, 60:] = 0
    waveform[2, 40:] = 0
    latest = first_sample(waveform, torch.full((3,), 0.999999), 50)
    assert latest.tolist() == [50, 10, 0]


def test_windows_are_the_samples_from_their_start_times_their_gain():
    first, gain = torch.tensor([0, 5, 1000, 1200]), torch.tensor([1.0, 0.5, 2.0, 1.0])
    found = windows(WAVEFORM, first, gain, 400)
    assert found.dtype == torch.float32
    for n in range(4):
        expected = WAVEFORM[n, first[n] : first[n] + 400].float() / 32768 * gain[n]
        assert torch.equal(found[n], expected)


def test_frames_have_the_class_at_their_middle():
    content = torch.arange(20).repeat(4, 1)
    found = frames_of(content, torch.tensor([0, 39, 41, 800]), 10, 80)
    assert found[0].tolist() == list(range(10))
    assert found[1].tolist() == list(range(10))
    assert found[2].tolist() == list(range(1, 11))
    assert found[3].tolist() == list(range(10, 20))


def test_only_silence_at_the_end_is_padding():
    waveform = torch.ones(5, 800)
    waveform[1, 400:] = 0
    waveform[2, 100:300] = 0
    waveform[3] = 0
    waveform[4, 401:] = 0
    assert sounding(waveform).tolist() == [800, 400, 800, 800, 401]
