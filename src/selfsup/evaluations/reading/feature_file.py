"""Reads the features of a run: one HDF5 file per split, one data set per layer and pooling."""

import json
from pathlib import Path
from typing import Literal

import h5py
import torch
from torch import Tensor

from selfsup.errors import InputError, NotApplicable


def layers(folder: Path) -> list[str]:
    """Return the layers that were extracted, first to last."""
    with h5py.File(folder / "train.h5", "r") as file:
        return json.loads(file.attrs["layers"])


def layer_of(folder: Path, name: str) -> str:
    """Return a layer's own name; ``last`` stands for the deepest that was extracted."""
    return layers(folder)[-1] if name == "last" else name


def there(folder: Path, names: list[str]) -> list[str]:
    """Return ``names``; NotApplicable where one of them was not extracted, because the run did not keep it."""
    with h5py.File(folder / "train.h5", "r") as file:
        known = {column.rpartition(".")[0] for column in file if "." in column}
    if missing := set(names) - known:
        raise NotApplicable(f"the run kept no {', '.join(sorted(missing))}, only {', '.join(sorted(known))}")
    return names


def asked(folder: Path, names: list[str] | Literal["all"]) -> list[str]:
    """Return the layers that an evaluation's key ``layers`` asks for: ``all`` that were extracted, or those ``there``."""
    return layers(folder) if names == "all" else there(folder, names)


def features(folder: Path, split: str, layer: str, pooling: str) -> Tensor:
    """Return features (N, D) float32 of a split; InputError where that layer or pooling was not extracted.

    Raises NotApplicable for the class token of a layer that has none.
    """
    column = f"{layer}.{pooling}"
    with h5py.File(folder / f"{split}.h5", "r") as file:
        if pooling == "class_token" and column not in file:
            raise NotApplicable(f"{layer} has no class token")
        if column not in file:
            known = ", ".join(name for name in file if "." in name)
            raise InputError(
                f"{folder / split}.h5 has no {column}, only {known}; "
                "change the keys layer and pooling, or have the features' protocol extract it"
            )
        return torch.from_numpy(file[column][()])


def array(folder: Path, split: str, name: str) -> Tensor:
    """Return what was copied from the prepared data, such as ``content`` or ``speaker``; NotApplicable where it has none."""
    with h5py.File(folder / f"{split}.h5", "r") as file:
        if name not in file:
            raise NotApplicable(f"the data set has no {name}")
        return torch.from_numpy(file[name][()].astype("int64"))


def labels(folder: Path, split: str) -> Tensor:
    """Return the labels (N,) int64 of a split of features or of prepared data; NotApplicable where there are none."""
    with h5py.File(folder / f"{split}.h5", "r") as file:
        if "label" not in file:
            raise NotApplicable("the data set has no labels")
        return torch.from_numpy(file["label"][()].astype("int64"))
