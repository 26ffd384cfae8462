"""What a group was pretrained on: counts, the chance level of the test set, and a picture of each class."""

import io
import json
from dataclasses import replace

import h5py
import numpy as np
import pytest
from PIL import Image

from selfsup.report.examples import examples
from tests.report.fabricate import group_of

X = "\N{MULTIPLICATION SIGN}"


@pytest.fixture
def on(tmp_path):
    """Return a function that writes a prepared data set and returns a group that was pretrained on it."""

    def write(train: dict, test: dict, classes: list[str], **attributes: int):
        for split, arrays in (("train", train), ("test", test)):
            with h5py.File(tmp_path / f"{split}.h5", "w") as file:
                for name, array in arrays.items():
                    file[name] = array
                file["key"] = np.array([f"{split}{n}".encode() for n in range(len(next(iter(arrays.values()))))])
                file.attrs.update(classes=json.dumps(classes), **attributes)
        group = group_of("g", [], [])
        return replace(group, pretrain_data=replace(group.pretrain_data, name="mine", prepared=tmp_path))

    return write


def flat(*values: int) -> np.ndarray:
    """Return images of 4 x 6 pixels, each of one value."""
    return np.stack([np.full((3, 4, 6), value, np.uint8) for value in values])


def test_the_first_image_of_each_class_and_what_guessing_scores(on):
    train = {"image": flat(10, 20, 30, 40), "label": np.array([2, 0, 2, 1])}
    found = examples(on(train, {"image": flat(0, 0, 0), "label": np.array([1, 1, 0])}, ["cat", "dog", "fox"]))
    assert found.sentence == (
        f"4 training and 3 test images of 4 {X} 6 pixels; 3 classes, "
        "always guessing the most frequent class scores 66.7\N{NO-BREAK SPACE}%."
    )
    assert found.chance == pytest.approx(200 / 3)
    assert found.strip.captions == ["cat", "dog", "fox"]
    pixels = np.asarray(Image.open(io.BytesIO(found.strip.png)))
    middle, width = pixels.shape[0] // 2, pixels.shape[1] // 3
    assert [pixels[middle, n * width + width // 2, 0] for n in range(3)] == [20, 40, 10]


def test_unlabelled_images_are_the_first_ones(on):
    found = examples(on({"image": flat(*range(20))}, {"image": flat(1)}, []))
    assert found.sentence == f"20 training and 1 test images of 4 {X} 6 pixels; no classes."
    assert (found.chance, len(found.strip.captions)) == (None, 12)


def test_sound_has_no_picture_and_unknown_content_does_not_count(on):
    train = {"waveform": np.zeros((2, 4000), np.int16)}
    test = {"waveform": np.zeros((2, 4000), np.int16), "content": np.array([[0, 1, 1], [-1, -1, 1]])}
    found = examples(on(train, test, ["a", "b"], rate_hz=8000))
    assert found.strip is None
    assert found.sentence == (
        "2 training and 2 test recordings of 0.5 s at 8,000 Hz; 2 classes, "
        "always guessing the most frequent content scores 75.0\N{NO-BREAK SPACE}%."
    )


def test_clips_and_pairs_show_their_first_frames(on):
    clips = np.stack([flat(7, 8), flat(9, 10)])
    found = examples(on({"clip": clips}, {"clip": clips[:1]}, []))
    assert found.sentence == f"2 training and 1 test clips of 2 frames, images of 4 {X} 6 pixels; no classes."
    pairs = {"first": flat(1, 2), "second": flat(3, 4)}
    assert (
        examples(on(pairs, pairs, [])).sentence
        == f"2 training and 2 test pairs of images of 4 {X} 6 pixels; no classes."
    )


def test_without_files_there_is_nothing(on, tmp_path):
    group = on({"image": flat(1)}, {"image": flat(1)}, [])
    (tmp_path / "train.h5").unlink()
    assert examples(group) is None


def test_test_examples_that_were_trained_on_are_counted(on, tmp_path):
    group = on({"image": flat(1, 2, 3)}, {"image": flat(1, 4, 5)}, [])
    assert "too" not in examples(group).sentence
    for keys, sentence in ((["train1-2", "b", "train2"], " 2 of the test examples are training examples too."),
                           (["x", "y", "train0"], " 1 of the test examples is a training example too.")):  # fmt: skip
        with h5py.File(tmp_path / "test.h5", "r+") as file:
            del file["key"]
            file["key"] = np.array(keys, "S72")
        assert examples(group).sentence.endswith(sentence)
