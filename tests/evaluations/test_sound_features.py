"""Features of sound: frames, pooled utterances, and labels."""

import h5py
import numpy as np
import pytest
import torch

from selfsup.datasets.prepared import write_split
from selfsup.evaluations.features import extract, frame_indices
from selfsup.nn.encoder import build, digest, save_encoder
from tests.nn.test_wave_conv import SMALL

KEYS = {"pooling": ["mean", "max"], "batch_size": 3, "frame_stride": 4}


@pytest.fixture
def sound(inputs):
    """Seven training and four test waveforms of 0.2 s, the first of each silent after 0.1 s, and a run's encoder."""
    random = np.random.default_rng(0)
    for split, count in (("train", 7), ("test", 4)):
        waveform = random.integers(-3000, 3000, (count, 1600)).astype(np.int16)
        waveform[0, 800:] = 0
        arrays = {
            "waveform": waveform,
            "content": random.integers(0, 3, (count, 20)),
            "speaker": np.arange(count) % 2,
            "key": np.array([f"{split}{n}".encode() for n in range(count)]),
        }
        write_split(inputs.target / f"{split}.h5", arrays, dataset="hand", classes=["a"], size_px=0, rate_hz=8000)
    torch.manual_seed(0)
    encoder = build(SMALL).eval()
    save_encoder(encoder, inputs.weights)
    return inputs, encoder


def waveforms(inputs, split="train"):
    with h5py.File(inputs.target / f"{split}.h5") as file:
        return torch.from_numpy(file["waveform"][()])


def test_frame_indices_are_the_middle_of_each_stride():
    assert frame_indices(1600, 8000, 8).tolist() == [4, 12]
    assert frame_indices(1600, 16000, 1).tolist() == list(range(10))


def test_frames_and_utterances_equal_the_encoders_maps(sound, tmp_path):
    inputs, encoder = sound
    extract(inputs.weights, inputs.target, tmp_path / "out", **KEYS)
    with torch.no_grad():
        maps = encoder.maps(waveforms(inputs))
    with h5py.File(tmp_path / "out" / "train.h5") as file:
        assert file.attrs["encoder_digest"] == digest(encoder)
        assert file["frame"][()].tolist() == [2, 6, 10, 14, 18]
        assert file["content"].shape == (7, 20)
        assert file["speaker"][()].tolist() == [0, 1, 0, 1, 0, 1, 0]
        for layer, values in maps.items():
            by_frame = values.unflatten(2, (20, -1)).mean(3)
            assert file[f"{layer}.frames"].dtype == np.float16
            found = file[f"{layer}.frames"][()].astype(np.float32)
            np.testing.assert_allclose(found, by_frame[:, :, 2::4].transpose(1, 2), rtol=1e-3, atol=1e-3)
            np.testing.assert_allclose(file[f"{layer}.mean"][1:], by_frame[1:].mean(2), atol=1e-6)
            np.testing.assert_allclose(file[f"{layer}.max"][1:], by_frame[1:].amax(2), atol=1e-6)
            np.testing.assert_allclose(file[f"{layer}.mean"][0], by_frame[0, :, :10].mean(1), atol=1e-6)
        np.testing.assert_allclose(file["context.mean"][1:], encoder(waveforms(inputs))[1:].detach(), atol=1e-6)


def test_the_batch_size_does_not_matter(sound, tmp_path):
    inputs, _ = sound
    for size in (2, 7):
        extract(inputs.weights, inputs.target, tmp_path / str(size), **{**KEYS, "batch_size": size})
    with h5py.File(tmp_path / "2" / "test.h5") as few, h5py.File(tmp_path / "7" / "test.h5") as many:
        for name in few:
            if "." in name:
                np.testing.assert_allclose(few[name][()].astype(float), many[name][()].astype(float), atol=2e-3)


def test_unlabelled_sound_has_features_and_no_labels(sound, tmp_path):
    inputs, _ = sound
    for split in ("train", "test"):
        with h5py.File(inputs.target / f"{split}.h5", "a") as file:
            del file["content"], file["speaker"]
    extract(inputs.weights, inputs.target, tmp_path / "out", layers=["context"], **KEYS)
    with h5py.File(tmp_path / "out" / "test.h5") as file:
        assert sorted(file) == ["context.frames", "context.max", "context.mean", "frame", "key"]
