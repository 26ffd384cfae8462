"""Predictions on held-out images: which examples, which of them are mirrored, and what is stored."""

import h5py
import numpy as np
import pytest
import torch

from selfsup.training import inspection
from selfsup.training.inspection import write_predictions
from selfsup.training.source import MemorySource
from tests.methods.recipes import build


@pytest.fixture
def images(monkeypatch):
    """Ten held-out images, four of which are a batch."""
    monkeypatch.setattr(inspection, "PREDICTED_EXAMPLES", 4)
    return torch.randint(0, 256, (10, 3, 32, 32), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))


def predicted(folder, method, **arrays):
    write_predictions(folder / "predictions.h5", method.eval(), MemorySource(arrays), seed=0)
    with h5py.File(folder / "predictions.h5") as file:
        return {f"{group}/{name}": array[()] for group in file for name, array in file[group].items()}


@pytest.mark.parametrize("name", ["context_encoder", "colorization", "split_brain"])
def test_held_out_images_are_not_mirrored(tmp_path, images, name):
    found = predicted(tmp_path, build(name), image=images)
    assert np.array_equal(found["images/original"], images[:4].numpy())


def test_clips_are_not_mirrored(tmp_path):
    clip = torch.randint(0, 256, (6, 1, 3, 32, 32), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
    found = predicted(tmp_path, build("video_colorization"), clip=clip.expand(-1, 8, -1, -1, -1))
    assert np.array_equal(found["images/original"], clip[:, 0].numpy())


def test_colours_are_predicted_for_all_images_batch_by_batch(tmp_path, images):
    method = build("colorization")
    found = predicted(tmp_path, method, image=images)
    assert found["images/predicted"].shape == (4, 3, 32, 32)
    with torch.no_grad():
        ab = method._colours(method._answer(images.float() / 255))
    np.testing.assert_allclose(found["arrays/predicted_ab"], ab.numpy(), rtol=0, atol=1e-3)
    assert (tmp_path / "predictions.h5").stat().st_size < 60_000


def test_fills_are_of_the_first_images_alone(tmp_path, images):
    found = predicted(tmp_path, build("context_encoder"), image=images)
    assert {len(array) for array in found.values()} == {4}
