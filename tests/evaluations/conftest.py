"""Small hand-made artefacts: prepared data, features, a run."""

import contextlib
import json

import h5py
import numpy as np
import pytest
import torch

from selfsup.datasets.prepared import write_split
from selfsup.evaluations.inputs import Inputs
from selfsup.nn.encoder import ProjectedEncoder, build, save_encoder
from selfsup.nn.heads import projection_head


@pytest.fixture
def inputs(tmp_path):
    """The folders of one run, still empty."""
    folders = {name: tmp_path / name for name in ("target", "weights", "features", "predictions", "pictures")}
    for folder in folders.values():
        folder.mkdir()
    return Inputs(seed=0, **folders)


@pytest.fixture
def write_features(inputs):
    """Writes features {layer: (train (N, D), test (M, D))} and their labels; None is unlabelled."""

    def write(layers, labels=None):
        for number, split in enumerate(("train", "test")):
            with h5py.File(inputs.features / f"{split}.h5", "w") as file:
                file.attrs["layers"] = json.dumps(list(layers))
                for layer, both in layers.items():
                    file[f"{layer}.mean"] = np.asarray(both[number], np.float32)
                if labels is not None:
                    file["label"] = np.asarray(labels[number], np.int64)
        return inputs

    return write


@pytest.fixture
def write_prepared(inputs):
    """Writes prepared images uint8 (N, 3, H, W) and labels of both splits."""

    def write(images, labels=None):
        for number, split in enumerate(("train", "test")):
            image = np.asarray(images[number], np.uint8)
            arrays = {"image": image, "key": np.array([f"{split}{i}".encode() for i in range(len(image))])}
            if labels is not None:
                arrays["label"] = np.asarray(labels[number], np.int64)
            write_split(inputs.target / f"{split}.h5", arrays, dataset="hand", classes=[], size_px=image.shape[-1])
        return inputs

    return write


@pytest.fixture
def write_run(inputs):
    """Writes a run that holds an encoder as it was initialised, and returns that encoder."""

    def write(width=4):
        torch.manual_seed(0)
        encoder = build({"backbone": "small_conv", "width": width})
        save_encoder(encoder, inputs.weights)
        return encoder

    return write


@pytest.fixture
def write_projection(inputs):
    """Writes beside the run's encoder the same encoder with a head of five outputs, and returns it."""

    def write(encoder):
        head = {"kind": "nonlinear", "hidden_dim": 8, "out_dim": 5}
        projected = ProjectedEncoder(encoder, projection_head(features=encoder.feature_dim, **head), head)
        (inputs.weights / "projection").mkdir()
        save_encoder(projected, inputs.weights / "projection")
        return projected

    return write


@pytest.fixture
def write_pretext(inputs):
    """Writes ``pretext.h5``: {split: (images, target, group, score)}, and baselines {name: score} of the test split."""

    def write(kind, baselines=None, **splits):
        with h5py.File(inputs.predictions / "pretext.h5", "w") as file:
            file.attrs["kind"] = kind
            for split, columns in splits.items():
                names = zip(("images", "target", "group", "score"), columns, strict=True)
                for name, values in names:
                    file[f"{split}/{name}"] = values
            for name, values in (baselines or {}).items():
                file[f"test/baselines/{name}"] = values
        return inputs

    return write


@pytest.fixture
def mixture():
    """Draws (features (N, D) float64, labels (N,)) from one cloud a class, ``gap`` deviations from the centre."""

    def draw(examples, dimensions=12, classes=4, gap=1.0, seed=0):
        random = np.random.default_rng(seed)
        centres = gap * np.random.default_rng(99).standard_normal((classes, dimensions))
        labels = np.arange(examples) % classes
        return torch.from_numpy(centres[labels] + random.standard_normal((examples, dimensions))), torch.from_numpy(
            labels
        )

    return draw


@pytest.fixture
def write_captioned(inputs):
    """Writes prepared test images whose first pixel is a number, with the arrays given; returns the inputs."""

    def write(numbers, classes=(), split="test", **arrays):
        image = np.zeros((len(numbers), 3, 4, 4), np.uint8)
        image[:, 0, 0, 0] = numbers
        key = np.array([f"{split}{n}".encode() for n in range(len(numbers))])
        found = {"image": image, "key": key} | {name: np.asarray(values) for name, values in arrays.items()}
        write_split(inputs.target / f"{split}.h5", found, dataset="hand", classes=list(classes), size_px=4)
        return inputs

    return write


@pytest.fixture
def by_hand(monkeypatch):
    """Lets an evaluation embed images by their first pixel's number and texts by a function, each to a row of vectors."""

    def patch(module, of_number, of_text):
        class Space:
            def images(self, images):
                return unit([of_number(int(image[0, 0, 0])) for image in images])

            def texts(self, texts):
                return unit([of_text(text) for text in texts])

        def unit(rows):
            return torch.nn.functional.normalize(torch.from_numpy(np.array(rows, float)), dim=1)

        monkeypatch.setattr(module, "common_space", lambda inputs, batch_size: contextlib.nullcontext(Space()))

    return patch


@pytest.fixture
def values():
    """Returns {(layer, label fraction): value} of one metric of some measures."""

    def pick(measures, metric="top1"):
        return {(m.layer, m.label_fraction): m.value for m in measures if m.metric == metric}

    return pick
