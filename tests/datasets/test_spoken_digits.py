"""Spoken digits: who, what and which take from a file's name; any rate and channels; and mistakes in one sentence."""

import numpy as np
import pytest
import soundfile

from selfsup.datasets.prepared import read_split
from selfsup.datasets.spoken_digits import prepare, register
from selfsup.errors import InputError

pytestmark = pytest.mark.counts(
    "data sets as people have them, whole, damaged, or of another layout", "their own values, or one sentence"
)

ARRAYS = ("waveform", "content", "speaker")


def tone(seconds, rate_hz, pitch_hz):
    return 0.5 * np.sin(2 * np.pi * pitch_hz * np.arange(round(seconds * rate_hz)) / rate_hz)


@pytest.fixture
def root(tmp_path):
    """Three digits of two speakers, takes 4 (test), 5 and 6 (train); each pitch is another."""
    folder = tmp_path / "digits"
    (folder / "recordings").mkdir(parents=True)
    for digit in range(3):
        for number, speaker in enumerate(("ann", "bob")):
            for take in (4, 5, 6):
                pitch_hz = 200 + 100 * digit + 30 * number + take
                soundfile.write(
                    folder / "recordings" / f"{digit}_{speaker}_{take}.wav", tone(0.3, 8000, pitch_hz), 8000
                )
    return folder


def _by_name(split):
    """Return {(digit, speaker, pitch in Hz): waveform}; the pitch tells takes apart."""
    found = {}
    for waveform, content, speaker in zip(*(split.arrays[name] for name in ARRAYS), strict=True):
        found[int(content[0]), int(speaker), int(np.abs(np.fft.rfft(waveform[:2400], 24000)).argmax()) // 3] = waveform
    return found


def made(root, target, **keys):
    prepare(target, root=root, lock=register(root), **{"seconds": 0.5, **keys})
    return [read_split(target / f"{split}.h5", ARRAYS) for split in ("train", "test")]


def test_the_names_say_what_is_heard(root, tmp_path):
    train, test = made(root, tmp_path / "out")
    assert (len(train.key), len(test.key)) == (12, 6)
    assert test.classes == [str(digit) for digit in range(10)]
    assert (test.rate_hz, test.size_px) == (8000, 0)
    for split in (train, test):
        for waveform, content, speaker in zip(*(split.arrays[name] for name in ARRAYS), strict=True):
            digit = content[0]
            assert content.tolist() == [digit] * 30 + [-1] * 20
            assert np.array_equal(waveform[2400:], np.zeros(1600))
            pitch_hz = np.abs(np.fft.rfft(waveform[:2400])).argmax() * 8000 / 2400
            assert pitch_hz == pytest.approx(200 + 100 * digit + 30 * speaker + 5, abs=5)


def test_a_long_recording_is_cut(root, tmp_path):
    train, _ = made(root, tmp_path / "out", seconds=0.2)
    assert train.arrays["waveform"].shape == (12, 1600)
    assert train.arrays["content"].min() >= 0


def test_another_rate_and_two_channels_are_the_same_words(root, tmp_path):
    train, test = made(root, tmp_path / "before")
    for path in (root / "recordings").iterdir():
        digit, speaker, take = path.stem.split("_")
        pitch_hz = 200 + 100 * int(digit) + 30 * "ab".index(speaker[0]) + int(take)
        samples = tone(0.3, 44100, pitch_hz)
        soundfile.write(path, np.stack([samples, samples], 1), 44100)
    for before, after in zip((train, test), made(root, tmp_path / "after"), strict=True):
        assert after.rate_hz == 8000
        sounds = [_by_name(split) for split in (before, after)]
        assert sounds[0].keys() == sounds[1].keys()
        for name, waveform in sounds[0].items():
            difference = np.abs(waveform.astype(int) - sounds[1][name])[200:2200]
            assert difference.max() < 0.02 * 32767, name


def test_order_is_by_content_and_equal_folders_give_equal_bytes(root, tmp_path):
    train, _ = made(root, tmp_path / "first")
    assert train.key.tolist() == sorted(train.key.tolist())
    made(root, tmp_path / "second")
    assert (tmp_path / "first" / "test.h5").read_bytes() == (tmp_path / "second" / "test.h5").read_bytes()


def test_fewer_are_the_first(root, tmp_path):
    train, _ = made(root, tmp_path / "all")
    few, _ = made(root, tmp_path / "few", train_examples=5)
    assert np.array_equal(few.arrays["waveform"], train.arrays["waveform"][:5])
    assert len(few.key) == 5


@pytest.mark.parametrize(
    ("file", "content", "sentence"),
    [
        ("0_ann_5.wav", b"no sound", r"0_ann_5\.wav cannot be decoded"),
        ("0_ann.wav", None, r"0_ann\.wav is not named"),
        ("12_ann_3.wav", None, r"12_ann_3\.wav is not named"),
    ],
)
def test_a_wrong_file_is_named_when_it_is_registered(root, file, content, sentence):
    path = root / "recordings" / file
    if content is None:
        soundfile.write(path, tone(0.3, 8000, 300), 8000)
    else:
        path.write_bytes(content)
    with pytest.raises(InputError, match=sentence):
        register(root)


def test_a_file_that_changed_since_is_noticed(root, tmp_path):
    lock = register(root)
    soundfile.write(root / "recordings" / "0_ann_5.wav", tone(0.3, 8000, 999), 8000)
    with pytest.raises(InputError, match=r"the split train of .* is not the one in params/data/digits\.lock"):
        prepare(tmp_path / "out", root=root, lock=lock)


def test_another_name_for_the_same_sound_is_noticed(root, tmp_path):
    lock = register(root)
    (root / "recordings" / "0_ann_5.wav").rename(root / "recordings" / "1_ann_9.wav")
    with pytest.raises(InputError, match="the split train of"):
        prepare(tmp_path / "out", root=root, lock=lock)


@pytest.mark.parametrize(
    ("keys", "sentence"),
    [
        ({"shortest_seconds": 0.35}, r"\.wav lasts 0\.300 s, less than the 0\.35 s of shortest_seconds"),
        ({"train_examples": 99}, "train_examples is 99, but .* has only 12"),
        ({"rate_hz": 8050}, "multiple of 100"),
    ],
)
def test_what_cannot_be_prepared_is_refused_before_training(root, tmp_path, keys, sentence):
    with pytest.raises(InputError, match=sentence):
        made(root, tmp_path / "out", **keys)


def test_an_empty_folder_and_a_missing_split_are_said(root, tmp_path):
    with pytest.raises(InputError, match=r"recordings has no \.wav"):
        register(tmp_path)
    for path in (root / "recordings").glob("*_4.wav"):
        path.unlink()
    with pytest.raises(InputError, match="no takes for test"):
        register(root)
