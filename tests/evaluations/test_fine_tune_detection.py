"""Fine-tuned detection: squares of two colours are found; what nothing tells is not; and nothing of the run changes."""

import json

import h5py
import numpy as np
import pytest
import torch

from selfsup.datasets.content.objects import ragged
from selfsup.datasets.prepared import write_split
from selfsup.errors import NotApplicable
from selfsup.evaluations import fine_tune_detection
from selfsup.evaluations.reading.objects import Objects
from selfsup.nn.encoder import build, save_encoder
from tests.evaluations.named import named

KEYS = {
    "train_images": 100,
    "test_images": 40,
    "channels": 16,
    "stride_px": 4,
    "anchor_scales": [0.25, 0.4],
    "anchor_ratios": [1.0],
    "proposals": 20,
    "hidden": 32,
    "steps": 120,
    "batch_size": 8,
    "learning_rate": 0.004,
    "weight_decay": 0.0,
    "warmup_fraction": 0.1,
    "flip_probability": 0.5,
}
COLOURS = np.array([[230, 40, 40], [40, 60, 230]], np.uint8)


@pytest.fixture
def squares(inputs, write_run):
    """Writes grey images of 32 px with one square, or two, or none, whose class is that of its colour."""

    def write(classes=lambda label, random: label, difficult=lambda count: [False] * count):
        random = np.random.default_rng(0)
        for split, count in (("train", 100), ("test", 40)):
            image = random.integers(100, 140, (count, 3, 32, 32)).astype(np.uint8)
            objects = []
            for n in range(count):
                found = []
                for half in range((n + 1) % 3):  # the left and the right half, so that squares do not overlap
                    label, side = int(random.integers(0, 2)), int(random.integers(8, 13))
                    x, y = 16 * half + int(random.integers(0, 16 - side)), int(random.integers(0, 32 - side))
                    image[n, :, y : y + side, x : x + side] = COLOURS[label][:, None, None]
                    found.append(([x, y, x + side, y + side], int(classes(label, random)), False))
                hard = difficult(len(found))
                objects.append([(box, label, flag) for (box, label, _), flag in zip(found, hard, strict=True)])
            key = np.array([f"{split}{n}".encode() for n in range(count)])
            path = inputs.target / f"{split}.h5"
            arrays = {"image": image, "key": key, **ragged(objects)}
            write_split(path, arrays, dataset="hand", classes=["red", "blue"], size_px=32)
        write_run(width=8)
        return inputs

    return write


def test_squares_are_found_and_the_run_stays(squares):
    inputs = squares()
    before = {file.name: file.read_bytes() for file in inputs.weights.iterdir()}
    measures = named(fine_tune_detection.evaluate(inputs, **KEYS))
    assert measures["ap50"].value > 95
    assert measures["ap50_voc07"].value > 80
    assert measures["ap75"].value < measures["ap50"].value
    assert {"ap_of_class/red", "ap_of_class/blue"} <= measures.keys()
    assert measures["ap"].value == pytest.approx(
        (measures["ap_of_class/red"].value + measures["ap_of_class/blue"].value) / 2
    )
    assert measures["ap50/mean_box"].value < 10
    assert {file.name: file.read_bytes() for file in inputs.weights.iterdir()} == before
    with h5py.File(inputs.pictures / "pictures.h5") as file:
        assert json.loads(file.attrs["captions"]) == ["image", "truth", "found"]
        assert file["images"].shape == (6, 3, 3, 96, 96)


def test_classes_that_nothing_tells_are_half_of_the_answers(squares):
    """Every square is found and each answer is right by chance: a precision of about a half."""
    measures = named(fine_tune_detection.evaluate(squares(lambda label, random: random.integers(0, 2)), **KEYS))
    assert measures["ap50"].value < 70


def test_an_encoder_that_sees_nothing_is_not_above_the_mean_box(squares, monkeypatch):
    monkeypatch.setattr(
        "selfsup.nn.fusion.FusedMaps.forward",
        lambda self, x: torch.zeros(len(x), 16, 8, 8) + sum(p.sum() * 0 for p in self.parameters()),
    )
    measures = named(fine_tune_detection.evaluate(squares(), **KEYS | {"steps": 60}))
    assert measures["ap50"].value < 10


def test_it_is_the_same_for_one_seed(squares):
    keys = KEYS | {"steps": 3}
    torch.manual_seed(1)
    first = fine_tune_detection.evaluate(squares(), **keys)
    torch.manual_seed(2)
    assert fine_tune_detection.evaluate(squares(), **keys) == first


def test_without_boxes_or_parameters_or_clear_objects_it_does_not_apply(squares, inputs, write_prepared):
    with pytest.raises(NotApplicable, match="is difficult"):
        fine_tune_detection.evaluate(squares(difficult=lambda count: [True] * count), **KEYS)
    save_encoder(build({"backbone": "pixels"}), inputs.weights)
    with pytest.raises(NotApplicable, match="no parameters to tune"):
        fine_tune_detection.evaluate(inputs, **KEYS)
    save_encoder(build({"backbone": "small_conv", "width": 4}), inputs.weights)
    write_prepared((np.zeros((4, 3, 32, 32)), np.zeros((4, 3, 32, 32))))
    with pytest.raises(NotApplicable, match="no boxes"):
        fine_tune_detection.evaluate(inputs, **KEYS)


def test_a_mirrored_image_has_mirrored_boxes():
    one = torch.ones(1)
    truth = Objects(one.long(), torch.tensor([[2.0, 5, 9, 11]]), one.long(), one > 2)
    x = torch.zeros(1, 3, 24, 40)
    assert fine_tune_detection._target(truth, False, x).box.tolist() == [[2, 5, 9, 11]]
    assert fine_tune_detection._target(truth, True, x).box.tolist() == [[31, 5, 38, 11]]


def test_mean_boxes_are_ranked_by_the_share_of_their_class():
    boxes = torch.tensor([[0.0, 0, 4, 4], [2, 2, 8, 8], [10, 10, 20, 20]])
    truth = Objects(torch.arange(3), boxes, torch.tensor([2, 2, 0]), torch.zeros(3, dtype=torch.bool))
    found = fine_tune_detection.mean_boxes(truth, 4)
    assert found.label.tolist() == [2, 0]
    assert found.box.tolist() == [[1, 1, 6, 6], [10, 10, 20, 20]]
    assert found.score.tolist() == pytest.approx([2 / 3, 1 / 3])
