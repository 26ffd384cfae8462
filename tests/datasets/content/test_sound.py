"""Sound files: the same samples from every way to write them, and no part of a file taken for the whole."""

import struct

import numpy as np
import pytest
import soundfile

from selfsup.datasets.content.sound import decode
from selfsup.errors import InputError

pytestmark = pytest.mark.counts(
    "files as people have them: sound, masks, boxes, clips, folders", "their own values, or one sentence"
)

SAMPLES = np.random.default_rng(0).integers(-32768, 32767, (4000, 1)).astype(np.int16)
SAMPLES[:2] = [[-32768], [32767]]


@pytest.mark.parametrize(
    ("kind", "subtype"), [("WAV", "FLOAT"), ("WAV", "DOUBLE"), ("WAVEX", "FLOAT"), ("AIFF", "FLOAT"), ("CAF", "DOUBLE")]
)
def test_floating_point_is_the_same_samples(tmp_path, kind, subtype):
    path = tmp_path / "a.wav"
    soundfile.write(path, SAMPLES / 32768, 8000, format=kind, subtype=subtype)
    assert np.array_equal(decode(path)[0], SAMPLES)


def test_an_overload_is_cut_and_what_is_no_fraction_of_full_scale_refused(tmp_path):
    path = tmp_path / "a.wav"
    soundfile.write(path, np.array([1.5, -1.5, 0.5]), 8000, subtype="FLOAT")
    assert decode(path)[0][:, 0].tolist() == [32767, -32768, 16384]
    soundfile.write(path, SAMPLES.astype(np.float32), 8000, subtype="FLOAT")
    with pytest.raises(InputError, match=r"a\.wav has floating point samples up to 32768, where 1 is full scale"):
        decode(path)
    soundfile.write(path, np.array([0.1, np.nan]), 8000, subtype="FLOAT")
    with pytest.raises(InputError, match=r"a\.wav has samples that are not finite"):
        decode(path)


FORMATS = ["WAV", "WAVEX", "RF64", "W64", "AIFF", "AU", "CAF", "FLAC", "NIST", "MP3"]


@pytest.mark.parametrize("kind", FORMATS)
def test_a_file_that_was_cut_off_is_refused_whatever_its_name(tmp_path, kind):
    path = tmp_path / "a.wav"
    time = np.arange(16000) / 16000
    soundfile.write(path, 0.5 * np.sin(2765 * time), 16000, format=kind)
    whole = path.read_bytes()
    assert len(decode(path)[0]) >= 16000
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(InputError, match=r"a\.wav (ends after \d+ of \d+|cannot be decoded as sound)"):
        decode(path)


@pytest.mark.parametrize("size", [0, 0x7FFFFFFF, 0x7FFFF000, 0xFFFFFFFF])
def test_a_size_that_promises_nothing_is_read_to_the_end(tmp_path, size):
    """As written to a pipe, by ffmpeg and others, or by a recorder that was stopped."""
    path = tmp_path / "a.wav"
    soundfile.write(path, SAMPLES, 8000)
    content = bytearray(path.read_bytes())
    struct.pack_into("<I", content, content.index(b"data") + 4, size)
    struct.pack_into("<I", content, 4, size)
    path.write_bytes(content)
    assert np.array_equal(decode(path)[0], SAMPLES)


def test_chunks_after_the_sound_are_none_of_it(tmp_path):
    path = tmp_path / "a.wav"
    soundfile.write(path, SAMPLES, 8000)
    path.write_bytes(path.read_bytes() + b"LIST" + struct.pack("<I", 4) + b"INFO")
    assert np.array_equal(decode(path)[0], SAMPLES)
