"""Features: the files, their values, and the frozen encoder."""

import json

import h5py
import numpy as np
import pytest
import torch

from selfsup.errors import InputError
from selfsup.evaluations import features
from selfsup.evaluations.features import FrozenEncoderError, extract
from selfsup.nn.encoder import digest, load_encoder, save_encoder
from selfsup.nn.patch_grid import PatchGrid, PatchGridEncoder

KEYS = {"pooling": ["mean", "max"], "batch_size": 3}


@pytest.fixture
def images():
    random = np.random.default_rng(0)
    return [random.integers(0, 256, (n, 3, 32, 32), np.uint8) for n in (7, 4)]


def test_every_layer_and_pooling_of_every_image(write_prepared, write_run, images, tmp_path):
    inputs, encoder = write_prepared(images, (range(7), range(4))), write_run().eval()
    extract(inputs.weights, inputs.target, tmp_path / "out", **KEYS)
    with torch.no_grad():
        maps = encoder.maps(torch.from_numpy(images[0]))
        last = encoder(torch.from_numpy(images[0]))
    with h5py.File(tmp_path / "out" / "train.h5") as file:
        assert json.loads(file.attrs["layers"]) == list(encoder.layers)
        assert file.attrs["encoder_digest"] == digest(encoder)
        assert file["label"][()].tolist() == list(range(7))
        assert file["key"][0] == b"train0"
        for layer, values in maps.items():
            assert file[f"{layer}.mean"].dtype == np.float32
            np.testing.assert_allclose(file[f"{layer}.mean"], values.mean((2, 3)), atol=1e-6)
            np.testing.assert_allclose(file[f"{layer}.max"], values.amax((2, 3)), atol=1e-6)
        np.testing.assert_allclose(file["conv4.mean"], last, atol=1e-6)
        assert file["conv4.mean"].chunks is None
    with h5py.File(tmp_path / "out" / "test.h5") as file:
        assert file["conv1.mean"].shape == (4, 4)


def test_equal_runs_give_equal_bytes_and_leave_the_run_alone(write_prepared, write_run, images, tmp_path):
    inputs = write_prepared(images)
    write_run()
    before = {file.name: file.read_bytes() for file in inputs.weights.iterdir()}
    for name in ("one", "two"):
        extract(inputs.weights, inputs.target, tmp_path / name, **KEYS)
    assert (tmp_path / "one" / "train.h5").read_bytes() == (tmp_path / "two" / "train.h5").read_bytes()
    assert {file.name: file.read_bytes() for file in inputs.weights.iterdir()} == before


def test_unlabelled_images_have_features_and_no_labels(write_prepared, write_run, images, tmp_path):
    inputs = write_prepared(images)
    write_run()
    extract(inputs.weights, inputs.target, tmp_path / "out", layers=["conv2"], **KEYS)
    with h5py.File(tmp_path / "out" / "test.h5") as file:
        assert sorted(file) == ["conv2.max", "conv2.mean", "key"]


def test_a_batch_norm_in_training_mode_is_an_error(write_prepared, write_run, images, tmp_path, monkeypatch):
    inputs = write_prepared(images)
    write_run()

    def almost_frozen(folder):
        encoder = load_encoder(folder)
        next(m for m in encoder.stages["conv3"] if isinstance(m, torch.nn.BatchNorm2d)).train()
        return encoder

    monkeypatch.setattr(features, "load_encoder", almost_frozen)
    with pytest.raises(FrozenEncoderError, match="the frozen encoder changed"):
        extract(inputs.weights, inputs.target, tmp_path / "out", **KEYS)


def test_a_changed_weight_is_an_error(write_run):
    encoder = write_run()
    with pytest.raises(FrozenEncoderError), features.frozen(encoder):
        encoder.stages["conv1"][0].weight.data[0, 0, 0, 0] += 1e-6


def test_a_layer_that_the_encoder_lacks_is_named(write_prepared, write_run, images, tmp_path):
    inputs = write_prepared(images)
    write_run()
    with pytest.raises(InputError, match=r"^key layers names conv9, but this encoder has conv1, conv2, conv3, conv4"):
        extract(inputs.weights, inputs.target, tmp_path / "out", layers=["conv1", "conv9"], **KEYS)


def added(inputs, folder, save, **keys):
    """Yield for each split the columns that come with another encoder, saved by ``save``: all else stays as it was."""
    extract(inputs.weights, inputs.target, folder / "alone", **keys)
    save()
    extract(inputs.weights, inputs.target, folder / "both", **keys)
    for name in ("train.h5", "test.h5"):
        with h5py.File(folder / "alone" / name) as alone, h5py.File(folder / "both" / name) as both:
            assert dict(both.attrs) == dict(alone.attrs)
            assert all(np.array_equal(both[column], alone[column]) for column in alone)
            yield {column: both[column][()] for column in set(both) - set(alone)}


def test_a_projection_adds_its_columns_and_changes_nothing_else(
    write_prepared, write_run, write_projection, images, tmp_path
):
    inputs, encoder = write_prepared(images), write_run().eval()
    columns = added(inputs, tmp_path, lambda: write_projection(encoder), **KEYS)
    for found, image in zip(columns, images, strict=True):
        assert set(found) == {"projection.mean", "projection.max"}
        projected = load_encoder(inputs.weights / "projection").eval()
        with torch.no_grad():
            expected = projected.projection(encoder(torch.from_numpy(image)))
        assert found["projection.mean"].dtype == np.float32
        np.testing.assert_allclose(found["projection.mean"], expected, atol=1e-6)


def test_an_encoder_of_patches_adds_the_mean_over_its_grid(write_prepared, write_run, images, tmp_path):
    inputs, encoder = write_prepared(images), write_run().eval()
    patchwise = PatchGridEncoder(encoder, PatchGrid(side=3, patch_px=12, stride_px=8)).eval()

    def save():
        (inputs.weights / "patches").mkdir()
        save_encoder(patchwise, inputs.weights / "patches")

    columns = added(inputs, tmp_path, save, layers=["conv1", "conv3"], **KEYS)
    for found, image in zip(columns, images, strict=True):
        assert set(found) == {"conv1.patches", "conv3.patches"}
        with torch.no_grad():
            expected = patchwise.maps(torch.from_numpy(image))["conv3"].mean((2, 3))
        np.testing.assert_allclose(found["conv3.patches"], expected, atol=1e-6)


@pytest.mark.parametrize("changed", ["encoder", "projection"])
def test_both_encoders_must_be_frozen(
    write_prepared, write_run, write_projection, images, tmp_path, monkeypatch, changed
):
    inputs = write_prepared(images)
    write_projection(write_run())

    def warm(folder):
        encoder = load_encoder(folder)
        return encoder.train() if (folder.name == "projection") == (changed == "projection") else encoder

    monkeypatch.setattr(features, "load_encoder", warm)
    with pytest.raises(FrozenEncoderError):
        extract(inputs.weights, inputs.target, tmp_path / "out", **KEYS)


def test_a_grid_keeps_where_something_is_in_half_the_space(write_prepared, write_run, images, tmp_path):
    inputs, encoder = write_prepared(images), write_run().eval()
    extract(inputs.weights, inputs.target, tmp_path / "out", pooling=["grid"], grid_values=36, batch_size=3)
    with torch.no_grad():
        maps = encoder.maps(torch.from_numpy(images[1]))
    with h5py.File(tmp_path / "out" / "test.h5") as file:
        assert sorted(file) == ["conv1.grid", "conv2.grid", "conv3.grid", "conv4.grid", "key"]
        for layer, side in {"conv1": 3, "conv2": 2, "conv3": 1, "conv4": 1}.items():
            expected = torch.nn.functional.adaptive_avg_pool2d(maps[layer], side).flatten(1).half()
            assert file[f"{layer}.grid"].dtype == np.float16
            np.testing.assert_allclose(file[f"{layer}.grid"], expected, rtol=2e-3, atol=1e-6)


def test_a_layer_that_float16_cannot_hold_is_named(write_prepared, write_run, images, tmp_path):
    inputs, encoder = write_prepared(images), write_run()
    encoder.stages["conv3"][1].bias.data[0] = 1e5
    save_encoder(encoder, inputs.weights)
    with pytest.raises(InputError, match=r"^key layers has conv3, whose grid has values that float16 cannot hold"):
        extract(inputs.weights, inputs.target, tmp_path / "out", pooling=["mean", "grid"], batch_size=3)


def test_a_layer_that_is_not_finite_is_that_of_a_run_that_diverged(write_prepared, write_run, images, tmp_path):
    inputs, encoder = write_prepared(images), write_run()
    encoder.stages["conv2"][1].bias.data[0] = torch.nan
    save_encoder(encoder, inputs.weights)
    with pytest.raises(InputError, match=r"^layer conv2 is not finite for some example, so its run diverged; lower"):
        extract(inputs.weights, inputs.target, tmp_path / "out", pooling=["mean"], grid_values=36, batch_size=3)
