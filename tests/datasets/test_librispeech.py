"""LibriSpeech's layout with the published alignments, in small; and what is missing is named."""

import numpy as np
import pytest
import soundfile

from selfsup.datasets.librispeech import prepare, register
from selfsup.datasets.prepared import read_split
from selfsup.errors import InputError

pytestmark = pytest.mark.counts(
    "data sets as people have them, whole, damaged, or of another layout", "their own values, or one sentence"
)

ARRAYS = ("waveform", "content", "speaker")
UTTERANCES = {"train": ["19-198-0000", "19-198-0001", "26-495-0000"], "test": ["19-227-0000", "26-496-0003"]}
SECONDS = 0.5


@pytest.fixture
def root(tmp_path):
    """Five utterances of half a second, 48 phones each (alignments end a little early), two speakers."""
    folder = tmp_path / "librispeech"
    lines = []
    rng = np.random.default_rng(0)
    for split, names in UTTERANCES.items():
        for name in names:
            speaker, chapter, _ = name.split("-")
            place = folder / "LibriSpeech" / "train-clean-100" / speaker / chapter
            place.mkdir(parents=True, exist_ok=True)
            soundfile.write(place / f"{name}.flac", rng.normal(0, 0.1, round(SECONDS * 16000)), 16000)
            lines.append(f"{name} {' '.join(str(int(speaker) + n // 5) for n in range(48))}")
        (folder / f"{split}_split.txt").write_text("\n".join(names) + "\n")
    (folder / "converted_aligned_phones.txt").write_text("\n".join(lines) + "\n")
    return folder


def made(root, target, **keys):
    prepare(target, root=root, lock=register(root), **{"seconds": 0.6, "shortest_seconds": 0.4, **keys})
    return [read_split(target / f"{split}.h5", ARRAYS) for split in ("train", "test")]


def test_frames_have_their_phones_and_utterances_their_speakers(root, tmp_path):
    train, test = made(root, tmp_path / "out")
    assert (len(train.key), len(test.key), train.rate_hz) == (3, 2, 16000)
    assert len(train.classes) == 41
    assert sorted(train.arrays["speaker"].tolist()) == [0, 0, 1]
    assert train.arrays["waveform"].shape == (3, 9600)
    for content, speaker in zip(train.arrays["content"], train.arrays["speaker"], strict=True):
        first = (19, 26)[speaker]
        assert content.tolist() == [first + n // 5 for n in range(48)] + [-1] * 12


def test_a_lower_rate_keeps_the_frames(root, tmp_path):
    train, _ = made(root, tmp_path / "out", rate_hz=8000)
    assert train.arrays["waveform"].shape == (3, 4800)
    assert train.arrays["content"].shape == (3, 60)


def test_a_missing_alignment_is_named(root):
    file = root / "converted_aligned_phones.txt"
    file.write_text("\n".join(line for line in file.read_text().splitlines() if "26-495-0000" not in line))
    with pytest.raises(InputError, match=r"26-495-0000\.flac has no alignment; .*converted_aligned_phones\.txt"):
        register(root)


def test_a_missing_utterance_is_named(root):
    next(root.rglob("26-495-0000.flac")).unlink()
    with pytest.raises(InputError, match=r"train_split\.txt names 26-495-0000, which has no \.flac"):
        register(root)


@pytest.mark.parametrize("name", ["converted_aligned_phones.txt", "train_split.txt", "test_split.txt"])
def test_a_missing_or_empty_list_is_named(root, name):
    (root / name).write_text("\n")
    with pytest.raises(InputError, match=rf"{name} is empty"):
        register(root)
    (root / name).unlink()
    with pytest.raises(InputError, match=rf"{name} cannot be read"):
        register(root)


@pytest.mark.parametrize("line", ["19-198-0000 1 2 41", "19-198-0000 1 x", "19-198-0000"])
def test_a_broken_alignment_is_named_with_its_line(root, line):
    file = root / "converted_aligned_phones.txt"
    file.write_text(f"{file.read_text()}{line}\n")
    with pytest.raises(InputError, match="line 6, is not a name and phones from 0 to 40"):
        register(root)


def test_a_short_and_a_damaged_utterance_are_named(root, tmp_path):
    with pytest.raises(InputError, match=r"\.flac lasts 0\.500 s, less than the 0\.55 s"):
        made(root, tmp_path / "out", shortest_seconds=0.55)
    next(root.rglob("26-495-0000.flac")).write_bytes(b"fLaC?")
    with pytest.raises(InputError, match=r"26-495-0000\.flac cannot be decoded"):
        register(root)


def test_an_alignment_that_changed_is_noticed(root, tmp_path):
    lock = register(root)
    file = root / "converted_aligned_phones.txt"
    file.write_text(file.read_text().replace("19-198-0000 19", "19-198-0000 20"))
    with pytest.raises(InputError, match=r"librispeech\.lock"):
        prepare(tmp_path / "out", root=root, lock=lock)
