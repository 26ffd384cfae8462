"""The procedural voice as it is written. About 3 CPU seconds."""

import hashlib

import h5py
import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from selfsup.datasets.prepared import read_split
from selfsup.datasets.voice import CHUNK, CLASSES, generate, prepare
from selfsup.errors import InputError

ARRAYS = ("waveform", "content", "speaker")
KEYS = {"seconds": 0.5, "rate_hz": 8000, "speakers": 10, "seed": 0}


def test_what_is_written_follows_the_contract(tmp_path):
    prepare(tmp_path, seconds=0.5, train_examples=60, test_examples=20)
    for name, examples in (("train", 60), ("test", 20)):
        split = read_split(tmp_path / f"{name}.h5", ARRAYS)
        assert split.arrays["waveform"].dtype == np.int16
        assert split.arrays["waveform"].shape == (examples, 4000)
        assert split.arrays["content"].dtype == split.arrays["speaker"].dtype == np.int64
        assert split.arrays["content"].shape == (examples, 50)
        assert split.arrays["content"].min() >= 0
        assert split.arrays["content"].max() < len(split.classes)
        assert split.classes == CLASSES
        assert (split.rate_hz, split.size_px) == (8000, 0)
        assert len(set(split.key)) == examples


def test_splits_share_speakers_and_no_utterance():
    train, test = (generate(split, 100, **KEYS) for split in ("train", "test"))
    assert set(train["speaker"]) == set(test["speaker"]) == set(range(10))
    assert np.bincount(train["speaker"]).tolist() == [10] * 10
    assert not set(train["key"]) & set(test["key"])
    said = [{row.tobytes() for row in arrays["content"]} for arrays in (train, test)]
    assert not said[0] & said[1]


def test_a_speaker_sounds_alike_in_both_splits():
    """The long-term spectrum of training utterances tells the speakers of test utterances far above chance."""
    train, test = (generate(split, 300, **KEYS) for split in ("train", "test"))
    seen, asked = (_spectra(arrays["waveform"]) for arrays in (train, test))
    probe = LogisticRegression(C=10, max_iter=500).fit(seen, train["speaker"])
    assert probe.score(asked, test["speaker"]) > 0.4


def test_a_smaller_set_is_the_beginning_of_a_larger_one():
    larger, smaller = (generate("train", examples, **KEYS) for examples in (CHUNK + 20, 30))
    for name, values in smaller.items():
        assert np.array_equal(values, larger[name][:30]), name


def test_equal_recipes_give_equal_bytes_and_seeds_differ(tmp_path):
    for name, seed in (("first", 0), ("again", 0), ("other", 1)):
        prepare(tmp_path / name, seconds=0.3, train_examples=20, test_examples=10, seed=seed)
    first, again, other = ((tmp_path / name / "test.h5").read_bytes() for name in ("first", "again", "other"))
    assert first == again
    assert first != other


def test_what_is_said_is_what_was_published():
    """Samples may differ in a last bit between processors; what was drawn may not."""
    arrays = generate("test", 50, **KEYS)
    seen = hashlib.sha256(arrays["content"].astype(np.int8).tobytes() + arrays["speaker"].astype(np.int8).tobytes())
    assert seen.hexdigest() == "c62ac790c5ba52045545cf564adc25d9d3283ae85664d3dc1fc44b925803c30e"


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"seconds": 0.1}, "seconds is 0.1"),
        ({"rate_hz": 4000}, "rate_hz is 4000"),
        ({"rate_hz": 8050}, "multiple of 100"),
    ],
)
def test_what_cannot_be_spoken_is_refused(tmp_path, changed, sentence):
    with pytest.raises(InputError, match=sentence):
        prepare(tmp_path, train_examples=10, test_examples=10, **changed)
    assert not list(tmp_path.iterdir())


def test_the_rate_is_kept(tmp_path):
    prepare(tmp_path, seconds=0.3, rate_hz=16000, train_examples=10, test_examples=10)
    with h5py.File(tmp_path / "train.h5") as file:
        assert file["waveform"].shape == (10, 4800)
        assert file["content"].shape == (10, 30)
        assert file.attrs["rate_hz"] == 16000


def _spectra(waveform):
    spectrum = np.log(np.abs(np.fft.rfft(waveform.reshape(len(waveform), 40, 100), axis=2)).mean(1) + 1)
    return (spectrum - spectrum.mean(0)) / spectrum.std(0)
