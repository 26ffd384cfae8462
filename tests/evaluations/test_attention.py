"""Attention by hand: pointing and energy of maps that are on the object, beside it, and equal everywhere."""

import json

import h5py
import numpy as np
import pytest
import torch

from selfsup.errors import NotApplicable
from selfsup.evaluations import attention
from selfsup.nn.encoder import build, save_encoder
from tests.evaluations.named import named

KEYS = {"test_images": 20, "power": 1.0, "centre_sd": 0.25, "batch_size": 3}


def test_pointing_by_hand():
    objects = torch.zeros(4, 8, 8, dtype=torch.bool)
    objects[:, 4:, :4] = True  # lower left
    maps = torch.zeros(4, 2, 2)
    maps[0, 1, 0] = 1  # on it
    maps[1, 0, 1] = 1  # beside it
    maps[2, 1, :] = 1  # on it and beside it, equally
    assert attention.pointing(maps, objects).tolist() == [1, 0, 0.5, 0.25]


def test_the_place_of_a_value_is_the_middle_of_its_cell():
    objects = torch.zeros(1, 9, 6, dtype=torch.bool)
    objects[0, 7, 1] = True
    maps = torch.zeros(1, 3, 2)
    maps[0, 2, 0] = 1
    assert attention.pointing(maps, objects).tolist() == [1]


def test_energy_by_hand_and_of_no_activation():
    objects = torch.zeros(2, 4, 4, dtype=torch.bool)
    objects[:, 0, 0] = True
    maps = torch.ones(2, 4, 4)
    maps[0, 0, 0], maps[1] = 5, 0
    assert attention.energy(maps, objects).tolist() == pytest.approx([5 / 20, 1 / 16])


def test_scores_do_not_depend_on_the_strength_of_the_map():
    random = torch.Generator().manual_seed(0)
    maps, objects = torch.rand(5, 4, 4, generator=random), torch.rand(5, 8, 8, generator=random) < 0.3
    for score in (attention.pointing, attention.energy):
        assert torch.allclose(score(3 * maps, objects), score(maps, objects))


def test_the_class_token_or_all_patches_attend():
    random = torch.Generator().manual_seed(0)
    weights = torch.rand(2, 3, 7, 7, generator=random).softmax(-1)
    with_token = attention.attended(weights, torch.Size([2, 3]))
    assert torch.allclose(with_token[1, 0, 1], weights[1, :, 0, 4:].mean(0))
    without = attention.attended(weights[:, :, 1:, 1:], torch.Size([2, 3]))
    assert torch.allclose(without[0, 0, 0], weights[0, :, 1:, 1:4].mean((0, 1)))


@pytest.fixture
def objects_on_the_left(write_captioned):
    """Twelve images of 4 pixels whose left half is an object, and one without any."""
    segments = np.zeros((13, 4, 4), np.uint8)
    segments[:12, :, :2] = 1
    label = np.zeros(13, np.int64)
    return write_captioned(range(13), classes=["cat"], mask=segments, label=label)


def test_every_layer_and_the_baselines(objects_on_the_left, write_run):
    write_run()
    measures = named(attention.evaluate(objects_on_the_left, **KEYS))
    layers = ["conv1", "conv2", "conv3", "conv4"]
    assert measures.keys() == {
        *(f"{metric}/{layer}" for metric in ("pointing", "energy") for layer in layers),
        *("pointing", "energy", "pointing/centre", "energy/centre", "energy/uniform"),
    }
    assert measures["energy"].value == measures["energy/conv4"].value
    assert {m.n for m in measures.values()} == {12}  # without the image that shows no object
    assert measures["energy/uniform"].value == pytest.approx(50)
    assert measures["pointing/centre"].value == pytest.approx(50)
    with h5py.File(objects_on_the_left.pictures / "pictures.h5") as file:
        assert file["images"].shape == (6, 6, 3, 4, 4)
        assert json.loads(file.attrs["captions"]) == ["image", "objects", *layers]


def test_a_transformer_adds_what_it_attends_to(objects_on_the_left):
    torch.manual_seed(0)
    save_encoder(
        build({"backbone": "vit", "size_px": 4, "patch_px": 2, "width": 8, "depth": 2, "heads": 2}),
        objects_on_the_left.weights,
    )
    measures = named(attention.evaluate(objects_on_the_left, **KEYS))
    assert any(name.endswith(" attention") for name in measures)


def test_data_without_objects_do_not_apply(write_captioned, write_run):
    write_run()
    inputs = write_captioned(range(3), classes=["cat"], mask=np.zeros((3, 4, 4), np.uint8), label=np.zeros(3, np.int64))
    with pytest.raises(NotApplicable, match="no test image shows an object"):
        attention.evaluate(inputs, **KEYS)
