"""Inspection of a pretrained method: its views for the gallery, its answers to the pretext task, what it predicts."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import torch
from safetensors.torch import load_file
from torch import Tensor

from selfsup.hdf5 import write_whole
from selfsup.methods.base import Draws, Method, Pretext, Views
from selfsup.seeds import generator
from selfsup.training.pretrain import construct
from selfsup.training.source import Source, open_source

SHOWN_EXAMPLES = 8
PRETEXT_EXAMPLES = 1000
PREDICTED_EXAMPLES = 500


def write_gallery(folder: Path, weights: Path, prepared: Path, table: Path | None, *, seed: int, **recipe: Any) -> None:
    """Write ``views.h5``: the panels of one small batch of training images, drawn by the method's real views."""
    method, train = trained(weights, prepared, table, seed=seed, **recipe)
    batch = train.rows(torch.arange(min(SHOWN_EXAMPLES, len(train))))
    write_views(folder / "views.h5", method, batch, generator(seed, "gallery"))


def write_answers(folder: Path, weights: Path, prepared: Path, table: Path | None, *, seed: int, **recipe: Any) -> None:
    """Write ``pretext.h5`` and ``predictions.h5``: the method's own answers on held-out images, where it has any."""
    method, train = trained(weights, prepared, table, seed=seed, **recipe)
    test = open_source(prepared / "test.h5", method.modality, recipe["device"])
    write_pretext(folder / "pretext.h5", method, {"train": train, "test": test}, recipe["batch_size"], seed)
    write_predictions(folder / "predictions.h5", method, test, seed)


def trained(weights: Path, prepared: Path, table: Path | None, *, seed: int, **recipe: Any) -> tuple[Method, Source]:
    """Return a pretrained method in evaluation mode, with all its heads, and the training set that it was told of."""
    method, train = construct(prepared, table, seed=seed, **recipe)
    method.load_state_dict(load_file(weights / "method.safetensors"))
    return method.eval(), train


def write_views(file: Path, method: Method, batch: Views, draws_from: torch.Generator) -> None:
    """Write the panels of one small batch, drawn by the real views: uint8 images, a title, and a caption under each."""
    panels = method.panels(_views(method, batch, method.draw(len(batch["index"]), draws_from)))
    with _new_file(file, track_order=True) as target:
        for number, panel in enumerate(panels):
            group = target.create_group(f"panel{number}", track_order=True)
            group.attrs["title"] = panel.title
            group.attrs["captions"] = json.dumps(panel.captions)
            group.create_dataset("images", data=_bytes(panel.images), track_times=False)


def write_pretext(file: Path, method: Method, splits: dict[str, Source], batch_size: int, seed: int) -> None:
    """Write the pretext task on up to 1,000 images of each split; no file where the method has no task.

    Rows are in whole batches, as in training. Differs: images are rounded to 8 bits.
    """
    parts = {name: _pretexts(method, split, batch_size, seed, name) for name, split in splits.items()}
    if not all(parts.values()):
        return
    with _new_file(file) as target:
        for name, found in parts.items():
            group = target.create_group(name)
            target.attrs["kind"] = found[0].kind
            firsts = np.cumsum([0, *(len(part.target) for part in found)])
            matching = found[0].kind == "matching"
            targets = [
                p.target.cpu().numpy() + (first if matching else 0) for p, first in zip(found, firsts, strict=False)
            ]
            groups = [np.full(len(part.target), number) for number, part in enumerate(found)]
            columns = {
                "images": np.concatenate([_bytes(part.images) for part in found]),
                "target": np.concatenate(targets),
                "group": np.concatenate(groups),
                "correct": np.concatenate([part.correct.cpu().numpy() for part in found]),
            }
            for key, values in columns.items():
                group.create_dataset(key, data=values, track_times=False)


def write_predictions(file: Path, method: Method, test: Source, seed: int) -> None:
    """Write what the method makes of the first 500 held-out images, one batch; no file where it makes nothing.

    Attribute ``kind``; groups ``images`` (uint8) and ``arrays``, each {name: (M, ...)}.
    """
    index = torch.arange(min(PREDICTED_EXAMPLES, len(test)))
    draws = method.draw(len(index), generator(seed, "predict"))
    with torch.no_grad():
        prediction = method.predict(_views(method, test.rows(index), draws))
    if prediction is None:
        return
    with _new_file(file) as target:
        target.attrs["kind"] = prediction.kind
        for name, images in prediction.images.items():
            target.create_dataset(f"images/{name}", data=_bytes(images), track_times=False)
        for name, array in prediction.arrays.items():
            target.create_dataset(f"arrays/{name}", data=array.cpu().numpy(), track_times=False)


@contextmanager
def _new_file(path: Path, track_order: bool = False) -> Iterator[h5py.File]:
    """Hand out an HDF5 file in memory, laid out as on a disk, and write it whole at the end."""
    with h5py.File(path.name, "w", driver="core", backing_store=False, track_order=track_order) as file:
        yield file
        file.flush()
        write_whole(path, file.id.get_file_image())


def _pretexts(method: Method, split: Source, batch_size: int, seed: int, name: str) -> list[Pretext]:
    rows = torch.arange(min(PRETEXT_EXAMPLES, len(split)))
    batches = [part for part in rows.split(batch_size) if len(part) == batch_size] or [rows]
    found = []
    for number, index in enumerate(batches):
        draws = method.draw(len(index), generator(seed, "pretext", name, number))
        with torch.no_grad():
            pretext = method.pretext(_views(method, split.rows(index), draws))
        if pretext is None:
            return []
        found.append(pretext)
    return found


def _views(method: Method, batch: Views, draws: Draws) -> Views:
    device = batch["index"].device
    with torch.no_grad():
        return method.views(batch, {name: draw.to(device) for name, draw in draws.items()})


def _bytes(images: Tensor) -> np.ndarray:
    """Return images in [0, 1] as contiguous uint8 (n, 3, H, W)."""
    return (images.detach().clamp(0, 1) * 255).round().to(torch.uint8).contiguous().cpu().numpy()
