"""The training loop: exact resume, players that move only their own, a loss that stops being finite."""

import csv

import h5py
import numpy as np
import pytest
import torch
import yaml

from selfsup.datasets import scenes
from selfsup.errors import InputError
from selfsup.nn.encoder import load_encoder
from selfsup.pretrain import pretrain
from selfsup.progress import Progress

from .conftest import ROOT


@pytest.fixture(scope="module")
def prepared(tmp_path_factory):
    folder = tmp_path_factory.mktemp("prepared")
    scenes.prepare(folder, size_px=32, train_examples=96, test_examples=32, seed=0)
    return folder


def train(folder, prepared, recipe="simclr", checkpoint=None, stop_after=None, **changes):
    content = yaml.safe_load((ROOT / "params" / "methods" / f"{recipe}.yaml").read_text())
    del content["paper"]
    content |= {"batch_size": 24, "epochs": 2, "device": "cpu", "precision": "float32", "threads": 1, **changes}
    folder.mkdir(exist_ok=True)
    pretrain(
        folder,
        prepared=prepared,
        checkpoint=checkpoint or folder.with_suffix(".checkpoint"),
        seed=0,
        progress=Progress("test"),
        stop_after=stop_after,
        **content,
    )
    return folder


def contents(folder):
    return {file.name: file.read_bytes() for file in sorted(folder.iterdir())}


@pytest.mark.parametrize("recipe", ["random", "supervised", "rotation", "simclr", "moco_v1", "moco_v2"])
@pytest.mark.parametrize("stop_after", [3, 4])
def test_resumed_is_never_stopped_bit_for_bit(tmp_path, prepared, recipe, stop_after):
    whole = train(tmp_path / "whole", prepared, recipe)
    checkpoint = tmp_path / "a.checkpoint"
    train(tmp_path / "stopped", prepared, recipe, checkpoint, stop_after)
    assert contents(tmp_path / "stopped") == {}
    resumed = train(tmp_path / "resumed", prepared, recipe, checkpoint)
    assert contents(resumed) == contents(whole)
    assert not checkpoint.exists()


def test_another_seed_or_key_is_another_run(tmp_path, prepared):
    a = train(tmp_path / "a", prepared)
    b = train(tmp_path / "b", prepared, epochs=3)
    assert contents(a)["encoder.safetensors"] != contents(b)["encoder.safetensors"]


def test_curves_count_the_images_through_the_encoder(tmp_path, prepared):
    rows = list(csv.DictReader((train(tmp_path / "a", prepared) / "curves.csv").open()))
    assert [int(row["images"]) for row in rows] == [48 * step for step in range(1, 9)]
    assert float(rows[-1]["learning_rate"]) < float(rows[0]["learning_rate"]) * 10
    assert {"loss", "pretext_accuracy", "embedding_std"} <= set(rows[0])


def test_a_loss_that_is_no_number_is_one_sentence_and_no_run(tmp_path, prepared):
    huge = {"name": "sgd", "learning_rate": 1e30, "weight_decay": 0.0, "momentum": 0.9}
    with pytest.raises(InputError, match=r"loss of .* is (nan|inf).* at step \d+ .*lower optimiser\.learning_rate"):
        train(tmp_path / "a", prepared, "supervised", optimiser=huge)
    assert contents(tmp_path / "a") == {}


def test_a_missing_device_is_an_error(tmp_path, prepared, monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(InputError, match="device is cuda, but torch finds no GPU"):
        train(tmp_path / "a", prepared, device="cuda")


def test_labels_do_not_reach_an_unlabelled_method(tmp_path, prepared):
    shuffled = tmp_path / "shuffled"
    shuffled.mkdir()
    for name in ("train.h5", "test.h5"):
        (shuffled / name).write_bytes((prepared / name).read_bytes())
        with h5py.File(shuffled / name, "r+") as file:
            file["label"][...] = np.random.default_rng(0).permutation(file["label"][()])
    same = train(tmp_path / "a", prepared, "rotation"), train(tmp_path / "b", shuffled, "rotation")
    assert contents(same[0]) == contents(same[1])
    other = train(tmp_path / "c", prepared, "supervised"), train(tmp_path / "d", shuffled, "supervised")
    assert contents(other[0]) != contents(other[1])


def test_the_encoder_comes_back_from_disk(tmp_path, prepared):
    encoder = load_encoder(train(tmp_path / "a", prepared))
    assert encoder(torch.zeros(2, 3, 32, 32)).shape == (2, encoder.features)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
@pytest.mark.parametrize("recipe", ["supervised", "rotation", "simclr", "moco_v2"])
def test_a_gpu_sees_the_same_views_and_nearly_the_same_losses(tmp_path, prepared, recipe):
    def losses(folder):
        return np.array([float(row["loss"]) for row in csv.DictReader((folder / "curves.csv").open())])

    on_cpu = losses(train(tmp_path / "cpu", prepared, recipe, epochs=1))
    on_gpu = losses(train(tmp_path / "gpu", prepared, recipe, epochs=1, device="cuda"))
    assert on_gpu[0] == pytest.approx(on_cpu[0], rel=1e-3)
    assert on_gpu == pytest.approx(on_cpu, rel=0.1)
    train(tmp_path / "bf16", prepared, recipe, epochs=1, device="cuda", precision="bfloat16")
