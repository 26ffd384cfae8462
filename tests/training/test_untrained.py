"""A method's own untrained start: nothing moves but the statistics of BatchNorm that would train."""

import json
from dataclasses import replace

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from torch import nn

from selfsup.datasets.prepared import write_split
from selfsup.nn.inputs import preprocess
from selfsup.progress import Progress
from selfsup.seeds import generator
from selfsup.testing.trials import PATCH_INFO, batch
from selfsup.training.pretrain import construct, pretrain
from selfsup.training.source import MemorySource
from selfsup.training.untrained import measure_statistics
from tests.methods.recipes import build, recipe

BATCH = 3
IMAGES = batch(examples=7, size_px=64)["image"]  # two batches of three, and one left over


def untrained(name):
    method = build(name, info=replace(PATCH_INFO, batch_size=BATCH))
    before = {key: value.clone() for key, value in method.state_dict().items()}
    measure_statistics(method, MemorySource({"image": IMAGES}), 0, BATCH)
    return method, before


def test_statistics_are_the_plain_average_over_one_epoch_of_its_own_views():
    """Of the first layer by hand: patches of the first epoch's batches as training would draw them, colours dropped."""
    method, before = untrained("relative_patch")
    convolution, norm, _ = method.encoder.stages["conv1"]
    order = torch.randperm(7, generator=generator(0, "order", 0))
    means, variances = [], []
    for number in range(2):
        index = order[BATCH * number : BATCH * (number + 1)]
        draws = method.draw(BATCH, generator(0, "views", number))
        patch = method.views({"index": index, "image": IMAGES[index]}, draws)["patch"].flatten(0, 1)
        with torch.no_grad():
            maps = convolution(preprocess(patch, "rgb")).transpose(0, 1).flatten(1)
        means.append(maps.mean(1))
        variances.append(maps.var(1))
    torch.testing.assert_close(norm.running_mean, torch.stack(means).mean(0), rtol=1e-4, atol=1e-6)
    torch.testing.assert_close(norm.running_var, torch.stack(variances).mean(0), rtol=1e-4, atol=1e-6)
    assert all(torch.equal(parameter, before[name]) for name, parameter in method.named_parameters())
    assert method.classifier[1].num_batches_tracked == 2


def test_batch_norm_that_never_trains_stays_as_it_is_and_no_view_is_made(monkeypatch):
    monkeypatch.setattr("selfsup.methods.cpc_image.CPCImage.views", None)
    method, before = untrained("cpc_image")
    assert any(isinstance(module, nn.BatchNorm2d) for module in method.modules())
    assert all(torch.equal(value, before[key]) for key, value in method.state_dict().items())


@pytest.mark.parametrize("name", ["moco_v2", "context_encoder", "split_brain"])
def test_any_recipe_has_a_start(name):
    """Several encoders, objectives and a queue: parameters and queue are those of the initialisation."""
    method, before = untrained(name)
    changed = {key for key, value in method.state_dict().items() if not torch.equal(value, before[key])}
    assert changed
    assert all("running" in key or "num_batches_tracked" in key for key in changed)


@pytest.fixture
def prepared(tmp_path):
    random = np.random.default_rng(0)
    for split in ("train", "test"):
        image = random.integers(0, 256, (6, 3, 64, 64), np.uint8)
        arrays = {"image": image, "key": np.array([f"{split}{n}".encode() for n in range(6)])}
        write_split(tmp_path / f"{split}.h5", arrays, dataset="hand", classes=[], size_px=64)
    return tmp_path


def test_a_run_without_epochs_has_no_steps_and_the_weights_of_the_initialisation(prepared, tmp_path):
    keys = {key: value for key, value in recipe("relative_patch").items() if key not in ("title", "paper")}
    keys |= {"batch_size": BATCH, "epochs": 0}
    machine = {"device": "cpu", "precision": "float32", "threads": 1}
    folder = tmp_path / "weights"
    folder.mkdir()
    sources = {"prepared": prepared, "table": None, "checkpoint": tmp_path / "checkpoint", "progress": Progress("test")}
    pretrain(folder, **sources, **keys, **machine, seed=5)
    summary = json.loads((folder / "summary.json").read_text())
    assert (summary["steps"], summary["images_through_encoder"]) == (0, 0)
    assert (folder / "curves.csv").read_text() == "step,epoch,images,learning_rate\n"
    rebuilt = {key: keys[key] for key in ("method", "encoder", "hyper", "batch_size", "epochs")}
    method, _ = construct(prepared, None, seed=5, device="cpu", **rebuilt)
    kept = load_file(folder / "method.safetensors")
    assert all(torch.equal(kept[name], parameter) for name, parameter in method.named_parameters())
    assert kept["encoder.stages.conv1.1.num_batches_tracked"] == 2
    assert load_file(folder / "patches" / "encoder.safetensors").keys() == {
        f"encoder.{name}" for name in load_file(folder / "encoder.safetensors")
    }
