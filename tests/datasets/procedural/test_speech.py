"""The procedural voice: what a frame sounds like follows from its phone and its speaker."""

from itertools import pairwise

import numpy as np
import pytest

from selfsup.datasets.procedural.speech import (
    FRAMES_PER_SECOND,
    NAMES,
    PHONES,
    SILENCE,
    VOICING,
    WORDS,
    _pulses,
    draw_phones,
    draw_speakers,
    synthesise,
)

RATE_HZ = 8000
FRAME = RATE_HZ // FRAMES_PER_SECOND


def spoken(phone, speakers, frames=100, seed=0, rate_hz=RATE_HZ):
    """Return one phone held by every speaker, float (N, S)."""
    count = len(speakers.pitch_hz)
    held = np.full((count, frames), NAMES.index(phone))
    waveform = synthesise(held, np.arange(count), speakers, rate_hz, np.random.default_rng(seed))
    return waveform.astype(np.float64) / np.iinfo(np.int16).max


def power(waveform, low_hz, high_hz, rate_hz=RATE_HZ):
    """Return the mean power (N,) within a band."""
    spectrum = np.abs(np.fft.rfft(waveform, axis=1)) ** 2
    frequency = np.fft.rfftfreq(waveform.shape[1], 1 / rate_hz)
    return spectrum[:, (frequency >= low_hz) & (frequency < high_hz)].mean(1)


@pytest.fixture(scope="module")
def speakers():
    return draw_speakers(np.random.default_rng(7), 10)


def test_phones_last_as_long_as_their_kind_and_words_as_their_phones():
    phones = draw_phones(np.random.default_rng(0), 40, 300)
    assert phones.shape == (40, 300)
    assert phones.dtype == np.int64
    known = {tuple(word) for word in WORDS}
    assert all(3 <= len(word) <= 5 for word in known)
    for row in phones:
        borders = np.flatnonzero(np.diff(row)) + 1
        for start, stop in pairwise(borders):
            phone = PHONES[row[start]]
            longest = phone.longest_frames * (2 if row[start] != SILENCE else 1)  # a word may begin as one ends
            assert phone.shortest_frames <= stop - start <= longest
    assert set(phones.ravel()) == set(range(len(PHONES)))


def test_utterances_differ_and_the_seed_decides():
    first, again, other = (draw_phones(np.random.default_rng(seed), 5, 100) for seed in (0, 0, 1))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)
    assert len(np.unique(first, axis=0)) == 5


def test_vowels_resonate_where_their_formants_are(speakers):
    """The tract's length moves all formants, so bands are wide; 'iy' is high above and low below, 'aa' in the middle."""
    iy, aa = spoken("iy", speakers), spoken("aa", speakers)
    middle = [power(x, 600, 1300) / power(x, 1800, 3400) for x in (iy, aa)]
    assert (middle[1] > 3 * middle[0]).all()


def test_hissing_is_high_and_has_no_pitch(speakers):
    hiss, vowel = spoken("s", speakers), spoken("aa", speakers)
    assert (power(hiss, 2500, 4000) > 4 * power(hiss, 100, 1000)).all()
    assert (power(vowel, 100, 1000) > 4 * power(vowel, 2500, 4000)).all()
    assert VOICING[NAMES.index("s")] == 0


def test_pulses_come_at_their_speakers_pitch(speakers):
    for speaker, pitch_hz in enumerate(speakers.pitch_hz):
        pulses = _pulses(np.full(50, speaker), speakers, 100, RATE_HZ, np.random.default_rng(speaker))
        assert set(np.unique(pulses)) == {0, 5}
        assert (pulses > 0).sum(1).mean() == pytest.approx(pitch_hz, rel=0.05)  # a second each


def test_a_pause_is_as_quiet_as_the_noise_and_the_voice_louder(speakers):
    phone = np.full((10, 120), SILENCE)
    phone[:, 40:80] = NAMES.index("aa")
    waveform = synthesise(phone, np.arange(10), speakers, RATE_HZ, np.random.default_rng(0)) / 32767
    quiet, loud = waveform[:, : 30 * FRAME].std(1), waveform[:, 45 * FRAME : 75 * FRAME].std(1)
    assert quiet == pytest.approx(np.full(10, 0.05), rel=0.15)
    assert (loud > 2 * quiet).all()


def test_equal_seeds_give_equal_samples_and_rates_keep_the_length(speakers):
    first, again, other = (spoken("ao", speakers, seed=seed) for seed in (0, 0, 1))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)
    assert first.shape == (10, 100 * FRAME)
    assert spoken("ao", speakers, rate_hz=16000).shape == (10, 100 * 160)
