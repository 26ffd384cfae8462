"""Sound files of all kinds become the same samples; those that are none become a sentence."""

import librosa
import numpy as np
import pytest
import soundfile

from selfsup.datasets.content.recordings import mono
from selfsup.datasets.content.sound import decode
from selfsup.errors import InputError

pytestmark = pytest.mark.counts(
    "files as people have them: sound, masks, boxes, clips, folders", "their own values, or one sentence"
)


def tone(rate_hz, seconds=0.5, pitch_hz=440.0):
    time = np.arange(round(seconds * rate_hz)) / rate_hz
    return 0.5 * np.sin(2 * np.pi * pitch_hz * time)


@pytest.mark.parametrize("kind", ["wav", "flac"])
def test_sixteen_bits_are_read_as_they_are(tmp_path, kind):
    samples = np.random.default_rng(0).integers(-32768, 32767, (500, 2)).astype(np.int16)
    soundfile.write(tmp_path / f"a.{kind}", samples, 44100)
    found, rate_hz = decode(tmp_path / f"a.{kind}")
    assert rate_hz == 44100
    assert found.dtype == np.int16
    assert np.array_equal(found, samples)


def test_channels_are_averaged():
    left, right = np.full(100, 1000, np.int16), np.full(100, -400, np.int16)
    assert mono(np.stack([left, right], 1), 8000, 8000).tolist() == [300] * 100


def test_what_fits_is_not_touched():
    samples = np.arange(-50, 50, dtype=np.int16)[:, None]
    assert np.array_equal(mono(samples, 8000, 8000), samples[:, 0])


@pytest.mark.parametrize("rate_hz", [16000, 11025, 44100, 4000])
def test_any_rate_becomes_the_wanted_one(rate_hz):
    """A tone stays the same tone, but for the filter's edges."""
    found = mono((tone(rate_hz) * 32767).astype(np.int16)[:, None], rate_hz, 8000)
    assert found.dtype == np.int16
    assert len(found) == 4000
    expected = tone(8000) * 32767
    middle = slice(400, 3600)
    assert np.abs(found[middle] - expected[middle]).max() < 0.02 * 32767


def test_what_the_wanted_rate_cannot_hold_is_filtered_out_not_folded_back():
    found = mono((tone(44100, pitch_hz=6000) * 32767).astype(np.int16)[:, None], 44100, 8000)
    assert np.abs(found[400:3600]).max() < 0.02 * 32767


def test_a_loud_sound_does_not_wrap_around():
    square = np.where(np.sin(np.arange(4410) / 7) > 0, 32767, -32768).astype(np.int16)
    found = mono(square[:, None], 44100, 16000)
    assert found.max() == 32767  # overshoots are cut off
    assert np.abs(np.diff(found.astype(int))).max() < 65536


def test_a_damaged_file_a_missing_one_and_an_empty_one_are_named(tmp_path):
    (tmp_path / "noise.wav").write_bytes(b"RIFF and then nothing that is sound")
    soundfile.write(tmp_path / "empty.wav", np.empty(0), 8000)
    for name, sentence in (
        ("noise.wav", "cannot be decoded as sound"),
        ("gone.wav", "does not exist"),
        ("empty.wav", "no samples"),
    ):
        with pytest.raises(InputError, match=rf"{name} .*{sentence}"):
            decode(tmp_path / name)


@pytest.mark.parametrize(("kind", "sentence"), [("flac", "cannot be decoded"), ("wav", "ends after")])
def test_a_truncated_file_is_not_half_a_recording(tmp_path, kind, sentence):
    file = tmp_path / f"a.{kind}"
    soundfile.write(file, tone(8000, seconds=3), 8000)
    whole = file.read_bytes()
    file.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(InputError, match=rf"a\.{kind} {sentence}"):
        decode(file)


@pytest.mark.parametrize("rates_hz", [(44100, 16000), (8000, 16000), (22050, 8000)])
def test_every_bit_of_resampling_is_librosas(rates_hz):
    draws = np.random.default_rng(0)
    samples = draws.integers(-3000, 3000, (12345, 2)).astype(np.int16)
    expected = librosa.resample(samples.mean(1, dtype=np.float32), orig_sr=rates_hz[0], target_sr=rates_hz[1])
    assert np.array_equal(mono(samples, *rates_hz), np.rint(expected).astype(np.int16))
