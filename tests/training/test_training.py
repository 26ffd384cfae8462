"""The training loop: exact resume, objectives that move only their own, a loss that stops being finite."""

import csv
import errno
import json

import h5py
import numpy as np
import pytest
import torch
import yaml
from safetensors.torch import load_file

from selfsup import hdf5
from selfsup.datasets import scenes
from selfsup.device import prepare_device
from selfsup.errors import InputError
from selfsup.evaluations.features import extract
from selfsup.methods.base import DataInfo
from selfsup.nn.encoder import build, load_encoder
from selfsup.progress import Progress
from selfsup.store.reach import reach
from selfsup.training import source
from selfsup.training.checkpoint import Checkpoint
from selfsup.training.inspection import trained, write_answers, write_gallery
from selfsup.training.loop import Training
from selfsup.training.pretrain import method_class, pretrain
from selfsup.training.source import MemorySource
from tests.conftest import ROOT

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def prepared(tmp_path_factory):
    folder = tmp_path_factory.mktemp("prepared")
    scenes.prepare(folder, size_px=32, train_examples=96, test_examples=32, seed=0)
    return folder


def train(folder, prepared, recipe="simclr", checkpoint=None, stop_after=None, **changes):
    content = yaml.safe_load((ROOT / "params" / "methods" / f"{recipe}.yaml").read_text())
    del content["paper"], content["title"]
    content |= {"batch_size": 24, "epochs": 2, "device": "cpu", "precision": "float32", "threads": 1, **changes}
    folder.mkdir(exist_ok=True)
    pretrain(
        folder,
        prepared=prepared,
        table=None,
        checkpoint=checkpoint or folder.with_suffix(".checkpoint"),
        seed=0,
        progress=Progress("test"),
        stop_after=stop_after,
        **content,
    )
    return folder


def inspect(folder, weights, prepared, recipe="simclr", **changes):
    """Write what the gallery and the predictions of a run hold."""
    content = yaml.safe_load((ROOT / "params" / "methods" / f"{recipe}.yaml").read_text()) | {
        "batch_size": 24,
        "epochs": 2,
    }
    keys = {key: content[key] for key in ("method", "encoder", "hyper", "batch_size", "epochs")} | changes
    folder.mkdir(exist_ok=True)
    for write in (write_gallery, write_answers):
        write(folder, weights, prepared, None, seed=0, device="cpu", **keys)
    return folder


def contents(folder):
    files = [file for file in sorted(folder.rglob("*")) if file.is_file()]
    return {str(file.relative_to(folder)): file.read_bytes() for file in files}


def losses(folder):
    return np.array([float(row["loss"]) for row in csv.DictReader((folder / "curves.csv").read_text().splitlines())])


@pytest.mark.parametrize("recipe", ["random", "supervised", "rotation", "simclr", "moco_v1", "moco_v2"])
@pytest.mark.parametrize("stop_after", [3, 4])
def test_a_resumed_run_equals_an_uninterrupted_one(tmp_path, prepared, recipe, stop_after):
    whole = train(tmp_path / "whole", prepared, recipe)
    checkpoint = tmp_path / "a.checkpoint"
    train(tmp_path / "stopped", prepared, recipe, checkpoint, stop_after)
    assert contents(tmp_path / "stopped") == {}
    resumed = train(tmp_path / "resumed", prepared, recipe, checkpoint)
    assert contents(resumed) == contents(whole)
    assert checkpoint.exists()  # whoever renames the run into its place removes it then, and not before


def test_another_seed_or_key_is_another_run(tmp_path, prepared):
    a = train(tmp_path / "a", prepared)
    b = train(tmp_path / "b", prepared, epochs=3)
    assert contents(a)["encoder.safetensors"] != contents(b)["encoder.safetensors"]


def test_curves_count_the_images_through_the_encoder(tmp_path, prepared):
    rows = list(csv.DictReader((train(tmp_path / "a", prepared) / "curves.csv").read_text().splitlines()))
    assert [int(row["images"]) for row in rows] == [48 * step for step in range(1, 9)]
    assert float(rows[-1]["learning_rate"]) < float(rows[0]["learning_rate"]) * 10
    assert {"loss", "pretext_accuracy", "embedding_std"} <= set(rows[0])


@pytest.mark.parametrize(("recipe", "per_step"), [("context_encoder", 24), ("split_brain", 24), ("moco_v2", 48)])
def test_each_forward_pass_counts_once(tmp_path, prepared, recipe, per_step):
    """By its maps, by the halves of a concatenated encoder, or in parts of a batch and by a momentum copy."""
    rows = list(
        csv.DictReader((train(tmp_path / "a", prepared, recipe, epochs=1) / "curves.csv").read_text().splitlines())
    )
    assert [int(row["images"]) for row in rows] == [per_step * step for step in range(1, 5)]


def test_a_loss_that_is_not_finite_is_an_input_error(tmp_path, prepared):
    huge = {"name": "sgd", "learning_rate": 1e30, "weight_decay": 0.0, "momentum": 0.9}
    with pytest.raises(InputError, match=r"loss of .* is (nan|inf).* at step \d+ .*lower optimiser\.learning_rate"):
        train(tmp_path / "a", prepared, "supervised", optimiser=huge)
    assert contents(tmp_path / "a") == {}


def test_weights_that_the_last_step_left_not_finite_are_an_input_error_and_no_run(tmp_path, prepared, monkeypatch):
    """The loss of the last step is that of the weights before it."""
    advance = Training._advance

    def to_infinity(self, index):
        logged = advance(self, index)
        if self.step == self.total_steps - 1:
            next(self.method.parameters()).data[0] = torch.inf
        return logged

    monkeypatch.setattr(Training, "_advance", to_infinity)
    with pytest.raises(InputError, match=r"weight \S+ of SimCLR is not finite at step 8 \(seed 0\); lower optimiser"):
        train(tmp_path / "run", prepared)
    assert contents(tmp_path / "run") == {}


def test_fewer_prepared_images_than_a_batch_is_one_sentence(tmp_path, prepared):
    with pytest.raises(
        InputError, match="batch_size is 128, but the prepared data have 96 training examples; lower it"
    ):
        train(tmp_path / "run", prepared, batch_size=128)


@pytest.mark.parametrize("name", ["views.h5", "pretext.h5"])
def test_a_full_disk_is_an_input_error_and_leaves_no_partial_file(tmp_path, prepared, monkeypatch, name):
    class OnAFullDisk(hdf5.Reserved):
        def write(self, content):
            if name in str(self.file.name):
                raise OSError(errno.ENOSPC, "as a disk would")
            return super().write(content)

    monkeypatch.setattr(hdf5, "Reserved", OnAFullDisk)
    weights = train(tmp_path / "weights", prepared, epochs=1)
    with pytest.raises(InputError, match=f"{name} cannot be written because the disk is full"):
        inspect(tmp_path / "a", weights, prepared, epochs=1)
    assert not [file for file in contents(tmp_path / "a") if name in file]


def test_what_progress_prints_is_no_part_of_the_code_of_a_run():
    code = reach(("selfsup.training.pretrain.pretrain",), frozenset()).hashes
    assert "selfsup.training.loop.Training" in code
    assert not [name for name in code if name.startswith("selfsup.progress.")]


def test_batches_depend_on_the_step_only(tmp_path):
    image = torch.zeros(20, 3, 32, 32, dtype=torch.uint8)
    content = yaml.safe_load((ROOT / "params" / "methods" / "rotation.yaml").read_text())
    method = method_class("rotation").from_recipe(
        build(content["encoder"]), DataInfo(20, 0, 32, 6, 9), content["hyper"]
    )
    training = Training(
        method,
        MemorySource({"image": image}),
        0,
        content["optimiser"],
        content["schedule"],
        6,
        9,
        "float32",
        Checkpoint(tmp_path / "c"),
    )
    whole = [batch.tolist() for batch in training._batches(0)]
    assert [len(batch) for batch in whole] == [6] * 9
    epochs = [{row for batch in whole[first : first + 3] for row in batch} for first in (0, 3, 6)]
    assert [len(rows) for rows in epochs] == [18] * 3
    assert whole[0] != whole[3]
    for start in range(9):
        rest = []
        for batch in training._batches(start):
            training.step += 2  # where the run stands by then must not matter
            rest.append(batch.tolist())
        assert rest == whole[start:]


def test_a_part_of_an_epoch_is_so_many_steps_of_it(tmp_path, prepared):
    half = train(tmp_path / "half", prepared, epochs=0.5)
    more = train(tmp_path / "more", prepared, epochs=1.25)
    steps = [json.loads((run / "summary.json").read_text())["steps"] for run in (half, more)]
    assert steps == [2, 5]  # of four in an epoch
    with pytest.raises(InputError, match=r"epochs is 0\.1, less than one step of 24 in 96; set it to 0\.25 or more"):
        train(tmp_path / "none", prepared, epochs=0.1)


@pytest.mark.parametrize("recipe", ["supervised", "simclr"])
def test_a_run_from_the_file_is_the_run_from_memory(tmp_path, prepared, recipe, monkeypatch):
    from_memory = train(tmp_path / "memory", prepared, recipe)
    monkeypatch.setattr(source, "IN_MEMORY_BYTES", 0)
    assert contents(train(tmp_path / "file", prepared, recipe)) == contents(from_memory)


def test_a_transformer_is_counted_by_the_patches_it_encodes(tmp_path):
    """A method that keeps 4 of 16 patches of half of its images: the budget knows."""
    description = {"backbone": "vit", "size_px": 32, "patch_px": 8, "width": 8, "depth": 1, "heads": 1}
    content = yaml.safe_load((ROOT / "params" / "methods" / "random.yaml").read_text())
    method = method_class("random")(build(description), DataInfo(20, 0, 32, 6, 9), modality="image")
    images = MemorySource({"image": torch.zeros(20, 3, 32, 32, dtype=torch.uint8)})
    keys = (content["optimiser"], content["schedule"], 6, 9, "float32", Checkpoint(tmp_path / "c"))
    training = Training(method, images, 0, *keys)
    method.encoder.train()(images.rows(torch.arange(6))["image"])
    assert training.images == 6
    method.encoder.tokens(images.rows(torch.arange(3))["image"], torch.tensor([[0, 5, 9, 15]] * 3))
    assert training.positions == (6 * 16 + 3 * 4) * 8 * 8
    method.encoder.eval().tokens(images.rows(torch.arange(3))["image"])
    assert training.positions == (6 * 16 + 3 * 4) * 8 * 8


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


def test_the_encoder_is_restored_from_disk(tmp_path, prepared):
    encoder = load_encoder(train(tmp_path / "a", prepared))
    assert encoder(torch.zeros(2, 3, 32, 32)).shape == (2, encoder.feature_dim)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
@pytest.mark.parametrize("recipe", ["supervised", "rotation", "simclr", "moco_v2"])
def test_a_gpu_has_equal_views_and_nearly_equal_losses(tmp_path, prepared, recipe):
    on_cpu = losses(train(tmp_path / "cpu", prepared, recipe, epochs=1))
    on_gpu = losses(train(tmp_path / "gpu", prepared, recipe, epochs=1, device="cuda"))
    assert on_gpu[0] == pytest.approx(on_cpu[0], rel=1e-3)
    assert on_gpu == pytest.approx(on_cpu, rel=0.1)
    in_bf16 = losses(train(tmp_path / "bf16", prepared, recipe, epochs=1, device="cuda", precision="bfloat16"))
    assert in_bf16[0] == pytest.approx(on_gpu[0], rel=0.02)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
def test_a_run_stopped_on_a_gpu_resumes_there(tmp_path, prepared):
    whole = train(tmp_path / "whole", prepared, device="cuda")
    checkpoint = tmp_path / "a.checkpoint"
    train(tmp_path / "stopped", prepared, checkpoint=checkpoint, stop_after=3, device="cuda")
    resumed = train(tmp_path / "resumed", prepared, checkpoint=checkpoint, device="cuda")
    assert losses(resumed) == pytest.approx(losses(whole), rel=1e-3)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
def test_a_gpu_computes_nearly_equal_features(tmp_path, prepared):
    run = train(tmp_path / "run", prepared, epochs=1)
    prepare_device("cuda", threads=1)
    for device in ("cpu", "cuda"):
        extract(run, prepared, tmp_path / device, pooling=["mean", "max"], batch_size=32, device=device)
    with h5py.File(tmp_path / "cpu" / "train.h5") as on_cpu, h5py.File(tmp_path / "cuda" / "train.h5") as on_gpu:
        assert set(on_gpu) == set(on_cpu)
        for name in (name for name in on_cpu if name.endswith((".mean", ".max"))):
            np.testing.assert_allclose(on_gpu[name], on_cpu[name], rtol=0, atol=1e-4, err_msg=name)


@pytest.mark.parametrize("recipe", ["random", "simclr", "moco_v2", "context_encoder"])
def test_a_method_is_restored_from_its_weights_bit_for_bit(prepared, tmp_path, recipe):
    weights = train(tmp_path / "weights", prepared, recipe)
    content = yaml.safe_load((ROOT / "params" / "methods" / f"{recipe}.yaml").read_text()) | {
        "batch_size": 24,
        "epochs": 2,
    }
    keys = {key: content[key] for key in ("method", "encoder", "hyper", "batch_size", "epochs")}
    method, _ = trained(weights, prepared, None, seed=0, device="cpu", **keys)
    assert not method.training
    kept = load_file(weights / "method.safetensors")
    assert {name: tensor.tolist() for name, tensor in method.state_dict().items()} == {
        n: t.tolist() for n, t in kept.items()
    }
    assert contents(inspect(tmp_path / "a", weights, prepared, recipe)) == contents(
        inspect(tmp_path / "b", weights, prepared, recipe)
    )
