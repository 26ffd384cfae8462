"""Label propagation of a run on hand-made data: measures, baselines, pictures, and data that do not apply."""

import h5py
import numpy as np
import pytest
import torch

from selfsup.datasets.moving_scenes import prepare
from selfsup.datasets.prepared import write_split
from selfsup.errors import NotApplicable
from selfsup.evaluations import label_propagation
from selfsup.nn.encoder import build, digest, save_encoder
from tests.evaluations.named import named

KEYS = {
    "context_frames": 2,
    "radii": [2, 6],
    "top_k": 5,
    "temperatures": [0.02, 0.2],
    "chosen_on_clips": 2,
    "grey_patch_px": 8,
    "pck_thresholds": [0.1, 0.5],
    "frame_pixels": 4 * 32 * 32,
}


@pytest.fixture
def run(inputs):
    torch.manual_seed(0)
    encoder = build({"backbone": "place_conv", "width": 4, "embedding": 8, "input": "lightness"})
    save_encoder(encoder, inputs.weights)
    return inputs


def values(measures):
    return {name: m.value for name, m in named(measures).items()}


def test_measures_the_run_and_three_baselines(run):
    prepare(run.target, size_px=32, frames=5, train_examples=2, test_examples=6)
    measures = label_propagation.evaluate(run, **KEYS)
    found = values(measures)
    names = ["j_mean", "j_recall", "f_mean", "pck@0.1", "pck@0.5"]
    suffixes = ["", "/grey_patches", "/optical_flow", "/identity"]
    selected = {n + s for n in ("radius", "temperature") for s in suffixes[:2]}
    assert set(found) == {n + s for n in names for s in suffixes} | selected
    assert all(0 <= found[n + s] <= 100 for n in names for s in suffixes)
    assert found["temperature"] in KEYS["temperatures"]
    assert found["radius"] in KEYS["radii"]
    assert all(m.boot_low <= m.value <= m.boot_high for m in measures if m.unit == "%")
    again = label_propagation.evaluate(run, **{**KEYS, "frame_pixels": 1})
    assert values(again) == pytest.approx(found, abs=1e-3)  # how many clips at once changes nothing


def test_a_known_motion_is_followed(run):
    """A bright square on a textured ground, three pixels further each frame: identity loses it, raw patches do not."""
    draws = np.random.default_rng(0)
    clip = np.repeat(draws.integers(0, 90, (2, 1, 3, 32, 48), dtype=np.uint8), 6, 1)
    mask = np.zeros((2, 6, 32, 48), np.uint8)
    square = draws.integers(120, 256, (3, 12, 12), dtype=np.uint8)
    for frame in range(6):
        place = (slice(10, 22), slice(4 + 4 * frame, 16 + 4 * frame))
        clip[:, frame, :, *place], mask[:, frame, *place] = square, 1
    for split in ("train", "test"):
        arrays = {"clip": clip, "key": np.array([b"0", b"1"])} | ({"mask": mask} if split == "test" else {})
        write_split(run.target / f"{split}.h5", arrays, dataset="hand", classes=[], size_px=32)
    found = values(label_propagation.evaluate(run, **KEYS))
    assert "pck@0.1" not in found  # there are no keypoints
    overlap = [max(0, 12 - 4 * frame) * 12 for frame in range(1, 5)]
    assert found["j_mean/identity"] == pytest.approx(100 * np.mean([i / (288 - i) for i in overlap]), abs=1e-4)
    assert found["j_mean/grey_patches"] > 85


def test_pictures_are_small_and_have_every_track(run):
    prepare(run.target, size_px=32, frames=5, train_examples=2, test_examples=4)
    label_propagation.evaluate(run, **KEYS)
    with h5py.File(run.pictures / "pictures.h5", "r") as file:
        assert file["frames"].shape == (3, 5, 3, 32, 32)
        assert set(file) == {"frames", "length", "true", "method", "grey_patches", "optical_flow", "identity"}
        for name in set(file) - {"frames", "length"}:
            assert file[f"{name}/mask"].shape == (3, 5, 32, 32)
            assert np.array_equal(file[f"{name}/mask"][:, 0], file["true/mask"][:, 0])
            hidden = np.isnan(file["true/keypoint"])
            expected = hidden if name == "true" else hidden | hidden[:, :1]
            assert np.array_equal(np.isnan(file[f"{name}/keypoint"]), expected)


def test_pictures_of_long_large_videos_are_subsampled(run):
    clip = np.zeros((1, 40, 3, 72, 144), np.uint8)
    arrays = {"clip": clip, "mask": np.ones((1, 40, 72, 144), np.uint8), "key": np.array([b"0"])}
    for split in ("train", "test"):
        write_split(run.target / f"{split}.h5", arrays, dataset="hand", classes=[], size_px=72)
    label_propagation.evaluate(run, **{**KEYS, "chosen_on_clips": 1, "temperatures": [0.1]})
    with h5py.File(run.pictures / "pictures.h5", "r") as file:
        assert file["frames"].shape == (1, 14, 3, 36, 72)
        assert file["method/mask"].shape == (1, 14, 36, 72)


def test_the_encoder_is_unchanged(run):
    prepare(run.target, size_px=32, frames=4, train_examples=2, test_examples=2)
    before = (run.weights / "encoder.safetensors").read_bytes()
    label_propagation.evaluate(run, **KEYS)
    assert (run.weights / "encoder.safetensors").read_bytes() == before
    assert digest(label_propagation.load_encoder(run.weights))


def test_does_not_apply_without_clips_or_labels(run, write_prepared):
    write_prepared([np.zeros((2, 3, 8, 8))] * 2)
    with pytest.raises(NotApplicable, match="no clips"):
        label_propagation.evaluate(run, **KEYS)
    arrays = {"clip": np.zeros((2, 4, 3, 32, 32), np.uint8), "key": np.array([b"0", b"1"])}
    for split in ("train", "test"):
        write_split(run.target / f"{split}.h5", arrays, dataset="hand", classes=[], size_px=32)
    with pytest.raises(NotApplicable, match="neither masks nor keypoints"):
        label_propagation.evaluate(run, **KEYS)
