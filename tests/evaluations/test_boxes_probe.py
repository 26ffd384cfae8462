"""Objects in given boxes: the alignment is torchvision's, and only what is inside the box tells the class."""

import numpy as np
import pytest
import torch

from selfsup.datasets.content.objects import ragged
from selfsup.datasets.prepared import write_split
from selfsup.errors import NotApplicable
from selfsup.evaluations import boxes_probe
from tests.evaluations.named import named

KEYS = {
    "bins": 2,
    "samples": 2,
    "penalties": [0.1, 0.001],
    "held_out_fraction": 0.2,
    "tolerance": 1e-5,
    "batch_size": 7,
}


def test_aligns_as_torchvision_does():
    ops = pytest.importorskip("torchvision.ops")
    random = torch.Generator().manual_seed(0)
    maps = torch.rand(3, 5, 6, 8, generator=random)
    corner = torch.rand(20, 2, generator=random) * torch.tensor([30.0, 20.0])
    box = torch.cat([corner, corner + torch.rand(20, 2, generator=random) * torch.tensor([30.0, 26.0]) + 2], 1)
    image = torch.randint(3, (20,), generator=random)
    ours = boxes_probe.roi_align(maps, image, box, torch.Size([48, 64]), bins=3, samples=2)
    theirs = ops.roi_align(
        maps, torch.cat([image[:, None].float(), box], 1), 3, spatial_scale=1 / 8, sampling_ratio=2, aligned=True
    )
    inside = (box[:, 2] <= 60) & (box[:, 3] <= 44)  # near the border torchvision fades to zero
    assert inside.sum() > 8
    assert torch.allclose(ours[inside], theirs[inside], atol=1e-5)


@pytest.fixture
def squares(inputs):
    """Images with a red and a green square, classes 0 and 1, at random places; and a grey one that is difficult."""
    random = np.random.default_rng(0)
    for split, count in (("train", 60), ("test", 30)):
        image = random.integers(0, 40, (count, 3, 32, 32)).astype(np.uint8)
        listed = []
        for picture in image:
            objects = []
            for label, y in ((0, 2), (1, 18)):
                x = int(random.integers(0, 22))
                picture[label, y : y + 10, x : x + 10] = 250
                objects.append(([x, y, x + 10, y + 10], label, False))
            listed.append([*objects, ([0, 0, 32, 32], 2, True)])
        key = np.array([f"{split}{n}".encode() for n in range(count)])
        arrays = {"image": image, "key": key, **ragged(listed)}
        write_split(inputs.target / f"{split}.h5", arrays, dataset="hand", classes=["red", "green", "grey"], size_px=32)
    return inputs


def test_the_box_tells_the_class_and_the_whole_image_does_not(squares, write_run):
    write_run()
    measures = named(boxes_probe.evaluate(squares, **KEYS))
    assert measures["top1"].value > 98
    assert measures["top1"].n == 60  # without the difficult ones
    assert measures["top1/whole_image"].value == pytest.approx(50, abs=1)  # both objects of an image look the same
    assert measures["top1/most_frequent"].value == pytest.approx(50)
    assert {"top1/conv1", "top1/conv4"} <= measures.keys()


def test_features_come_in_the_order_of_the_objects(squares, write_run):
    write_run()
    objects = boxes_probe.objects(squares.target / "test.h5")
    shuffled = torch.randperm(len(objects.label), generator=torch.Generator().manual_seed(0))
    mixed = boxes_probe.Objects(*(getattr(objects, name)[shuffled] for name in ("image", "box", "label", "difficult")))
    align = {"bins": 1, "samples": 2, "batch_size": 7}
    straight, other = (boxes_probe.box_features(squares, "test", of, **align)[0] for of in (objects, mixed))
    for layer, vectors in straight.items():
        assert torch.allclose(other[layer], vectors[shuffled], atol=1e-6)


def test_shuffled_labels_score_at_chance(squares, write_run, monkeypatch):
    write_run()
    real = boxes_probe.objects

    def shuffled(path):
        objects = real(path)
        label = objects.label[torch.randperm(len(objects.label), generator=torch.Generator().manual_seed(3))]
        return boxes_probe.Objects(objects.image, objects.box, label, objects.difficult)

    monkeypatch.setattr(boxes_probe, "objects", shuffled)
    assert named(boxes_probe.evaluate(squares, **KEYS))["top1"].value < 62


def test_only_difficult_objects_do_not_apply(inputs, write_run):
    write_run()
    for split in ("train", "test"):
        arrays = {"image": np.zeros((2, 3, 8, 8), np.uint8), "key": np.array([b"a", b"b"])}
        arrays |= ragged([[([0, 0, 4, 4], 0, True)], []])
        write_split(inputs.target / f"{split}.h5", arrays, dataset="hand", classes=["a"], size_px=8)
    with pytest.raises(NotApplicable, match="difficult"):
        boxes_probe.evaluate(inputs, **KEYS)
