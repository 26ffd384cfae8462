"""Reads the features of a run, labels, labelled images of a prepared data set, and predictions."""

import json
from pathlib import Path
from typing import Literal

import h5py
import numpy as np
import torch
from torch import Tensor

from selfsup.datasets.prepared import read_split
from selfsup.errors import InputError, NotApplicable

ABSENT = {"class_token": "{layer} has no class token", "patches": "the method does not encode patches alone"}


def layers(folder: Path) -> list[str]:
    """Return the names of the encoder's layers that were extracted, first to last."""
    with h5py.File(folder / "train.h5", "r") as file:
        return json.loads(file.attrs["layers"])


def resolve_layer(folder: Path, name: str) -> str:
    """Return the name of a layer; ``last`` is the last that was extracted."""
    return layers(folder)[-1] if name == "last" else name


def candidates(folder: Path, layer: str) -> list[str]:
    """Return the layers that an evaluation chooses from, first to last: all for ``best``, else the one that is named."""
    return layers(folder) if layer == "best" else [resolve_layer(folder, layer)]


def resolve_layers(folder: Path, names: list[str] | Literal["all"]) -> list[str]:
    """Return ``names``, or all of the encoder's layers for ``all``; NotApplicable where one was not extracted."""
    if names == "all":
        return layers(folder)
    with h5py.File(folder / "train.h5", "r") as file:
        known = {column.rpartition(".")[0] for column in file if "." in column}
    if missing := set(names) - known:
        raise NotApplicable(f"the run kept no {', '.join(sorted(missing))}, only {', '.join(sorted(known))}")
    return names


def features(folder: Path, layer: str, pooling: str) -> tuple[Tensor, Tensor]:
    """Return the features (N, D) of the training and of the test set; InputError where they were not extracted,
    NotApplicable where the layer has no class token, or the run no encoder of patches."""
    return _features(folder / "train.h5", layer, pooling), _features(folder / "test.h5", layer, pooling)


def _features(path: Path, layer: str, pooling: str) -> Tensor:
    column = f"{layer}.{pooling}"
    with h5py.File(path, "r") as file:
        if pooling in ABSENT and column not in file:
            raise NotApplicable(ABSENT[pooling].format(layer=layer))
        if column not in file:
            known = ", ".join(name for name in file if "." in name)
            raise InputError(
                f"{path} has no {column}, only {known}; "
                "change the keys layer and pooling, or extract it in the protocol of the features"
            )
        return torch.from_numpy(file[column][()])


def array(path: Path, name: str) -> Tensor:
    """Return an int64 array of features or prepared data, such as ``speaker``; NotApplicable where it is missing."""
    with h5py.File(path, "r") as file:
        if name not in file:
            raise NotApplicable(f"the data set has no {'labels' if name == 'label' else name}")
        return torch.from_numpy(file[name][()].astype("int64"))


def factors(prepared: Path) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Return the recorded factors (N,) of the training and of the test set by name; NotApplicable where there are none."""
    with h5py.File(prepared / "train.h5", "r") as train, h5py.File(prepared / "test.h5", "r") as test:
        if "factors" not in train:
            raise NotApplicable("the data set records no factors")
        return {name: (values[()], test["factors"][name][()]) for name, values in train["factors"].items()}


def labels(folder: Path) -> tuple[Tensor, Tensor]:
    """Return the labels (N,) of the training and of the test set; NotApplicable where there are none."""
    return array(folder / "train.h5", "label"), array(folder / "test.h5", "label")


def labelled_images(prepared: Path) -> list[tuple[Tensor, Tensor]]:
    """Return images uint8 (N, 3, H, W) and labels (N,) of the training and of the test set."""
    splits = zip(("train", "test"), labels(prepared), strict=True)
    return [(torch.from_numpy(read_split(prepared / f"{name}.h5", ["image"]).arrays["image"]), y) for name, y in splits]


def read_predictions(folder: Path, kind: str) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
    """Return images {name: uint8 (M, 3, H, W)} and arrays {name: (M, ...)} of the first M test images; NotApplicable
    where the method makes no predictions of this ``kind``."""
    file = folder / "predictions.h5"
    if not file.exists():
        raise NotApplicable(f"the method makes no {kind}")
    with h5py.File(file, "r") as source:
        if source.attrs["kind"] != kind:
            raise NotApplicable(f"the method makes a {source.attrs['kind']}, no {kind}")
        images, arrays = (
            {name: torch.from_numpy(array[()]) for name, array in source.get(group, {}).items()}
            for group in ("images", "arrays")
        )
        return images, arrays
