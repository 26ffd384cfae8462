"""Imported weights: a file of published parameters to an encoder's folder, as pretraining writes it."""

import hashlib
import pickle
import re
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save
from torch import Tensor, nn

from selfsup.errors import InputError
from selfsup.nn.encoder import Encoder, StagedEncoder, build, save_encoder
from selfsup.nn.network import NetworkEncoder


def import_weights(
    folder: Path,
    *,
    source_file: Path,
    sha256: str,
    encoder: dict[str, Any],
    preprocessing: dict[str, Any],
    entry: str | None = None,
    rename: list[dict[str, str]] | None = None,
) -> None:
    """Write ``encoder.safetensors`` and ``encoder.json`` of published weights into ``folder``; equal files give equal bytes.

    ``encoder`` is the description of their backbone, ``preprocessing`` the one that they expect (nn/inputs.py).
    ``entry`` is the dotted path of the parameters within a checkpoint; ``rename`` is a list of regular expressions,
    ``pattern``, and the ``replacement`` of their matches in parameters' names. Parameters that the backbone does not have,
    such as those of a classifier, are left out. Raises InputError where the file is missing, is not the locked one, or does
    not fit the backbone.
    """
    if (actual := file_digest(source_file)) != sha256:
        raise InputError(
            f"{source_file} is another file than was locked: its sha256 is {actual[:12]}..., not {sha256[:12]}..."
        )
    imported = build({**encoder, "input": "imported", "preprocessing": preprocessing}).eval()
    state = renamed(read_parameters(source_file, entry), rename or [])
    _load(_published(imported), state, source_file)
    side_px = preprocessing.get("crop_px") or preprocessing.get("resize_px") or 224
    with torch.no_grad():
        imported.tokens(torch.zeros(1, 3, side_px, side_px))  # raises where a layer's shape is not the described one
    save_encoder(imported, folder, side_px)


def file_digest(file: Path) -> str:
    """Return the sha256 of a file; InputError where there is none."""
    try:
        with file.open("rb") as handle:
            return hashlib.file_digest(handle, "sha256").hexdigest()
    except (FileNotFoundError, IsADirectoryError):
        raise InputError(f"{file} does not exist: put the weights there") from None


def read_parameters(file: Path, entry: str | None) -> dict[str, Tensor]:
    """Return the parameters in a file of safetensors, or of torch without running its code."""
    try:
        content = load_file(file) if file.suffix == ".safetensors" else torch.load(file, "cpu", weights_only=True)
    except (SafetensorError, pickle.UnpicklingError, RuntimeError, EOFError) as error:
        raise InputError(
            f"{file} has no plain parameters ({str(error).splitlines()[0]}); save its state_dict"
        ) from None
    for key in entry.split(".") if entry else []:
        if not isinstance(content, dict) or key not in content:
            raise InputError(
                f"{file} has no entry {entry}; key entry must be the path of the parameters: {_keys(content)}"
            )
        content = content[key]
    if not isinstance(content, dict) or not all(isinstance(value, Tensor) for value in content.values()):
        raise InputError(
            f"{file} has more than parameters; set key entry to the path of the parameters: {_keys(content)}"
        )
    return content


def write_parameters(file: Path, state: dict[str, Tensor]) -> None:
    """Write parameters as safetensors; equal parameters, equal bytes."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(save({name: tensor.contiguous() for name, tensor in sorted(state.items())}))


def renamed(state: dict[str, Tensor], rename: list[dict[str, str]]) -> dict[str, Tensor]:
    """Return parameters under their names after every replacement; InputError where two would have one name."""
    by_name: dict[str, Tensor] = {}
    for name, tensor in state.items():
        new = name
        for step in rename:
            new = re.sub(step["pattern"], step["replacement"], new)
        if new in by_name:
            raise InputError(
                f"key rename makes two parameters {new}, of {name} and another; make its patterns narrower"
            )
        by_name[new] = tensor
    return by_name


def _published(encoder: Encoder) -> nn.Module:
    """Return the module whose parameters have the names of published weights: of a chain, ``<stage>.<name>``."""
    if isinstance(encoder, NetworkEncoder):
        return encoder.network.published
    assert isinstance(encoder, StagedEncoder)
    return encoder.stages


def _load(module: nn.Module, state: dict[str, Tensor], file: Path) -> None:
    initial = module.state_dict()
    counters = {name: tensor for name, tensor in initial.items() if name.endswith("num_batches_tracked")}
    state = counters | state  # files from before 2018 have none
    if missing := [name for name in initial if name not in state]:
        raise InputError(
            f"{file} has no {missing[0]}, and {len(missing) - 1} more that the backbone needs; its parameters are "
            f"{_keys(state)}: change encoder, or keys entry and rename"
        )
    for name, tensor in initial.items():
        if state[name].shape != tensor.shape:
            raise InputError(
                f"{file}: {name} has the shape {tuple(state[name].shape)}, and the backbone's {tuple(tensor.shape)}; "
                "change the keys of encoder"
            )
    module.load_state_dict({name: state[name].to(tensor.dtype) for name, tensor in initial.items()})


def _keys(content: Any) -> str:
    names = [str(name) for name in content] if isinstance(content, dict) else [type(content).__name__]
    return ", ".join(names[:8]) + (", ..." if len(names) > 8 else "")
