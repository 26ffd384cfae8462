"""Inspection of a pretrained method: views for the gallery, answers to the pretext task, predictions."""

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
from selfsup.methods.base import Draws, Method, Prediction, Pretext, Views
from selfsup.seeds import generator
from selfsup.training.pretrain import construct
from selfsup.training.source import Source, open_source

SHOWN_EXAMPLES = 8
PRETEXT_EXAMPLES = 1000
PREDICTED_EXAMPLES = 500


def write_gallery(folder: Path, weights: Path, prepared: Path, table: Path | None, *, seed: int, **recipe: Any) -> None:
    """Write ``views.h5``: the panels of the training views of a few examples."""
    method, train = trained(weights, prepared, table, seed=seed, **recipe)
    batch = train.rows(torch.arange(min(SHOWN_EXAMPLES, len(train))))
    write_views(folder / "views.h5", method, batch, generator(seed, "gallery"))


def write_answers(folder: Path, weights: Path, prepared: Path, table: Path | None, *, seed: int, **recipe: Any) -> None:
    """Write ``pretext.h5`` and ``predictions.h5``, the method's answers on held-out images, where it has them."""
    method, train = trained(weights, prepared, table, seed=seed, **recipe)
    test = open_source(prepared / "test.h5", method.modality, recipe["device"])
    write_pretext(folder / "pretext.h5", method, {"train": train, "test": test}, recipe["batch_size"], seed)
    write_predictions(folder / "predictions.h5", method, test, seed)


def trained(weights: Path, prepared: Path, table: Path | None, *, seed: int, **recipe: Any) -> tuple[Method, Source]:
    """Return a pretrained method in evaluation mode, with all its heads, and its training set."""
    method, train = construct(prepared, table, seed=seed, **recipe)
    method.load_state_dict(load_file(weights / "method.safetensors"))
    return method.eval(), train


def write_views(file: Path, method: Method, batch: Views, source: torch.Generator) -> None:
    """Write the panels of a batch: for each uint8 images, a title, and captions."""
    panels = method.panels(_views(method, batch, method.draw(len(batch["index"]), source)))
    with _new_file(file, track_order=True) as target:
        for number, panel in enumerate(panels):
            group = target.create_group(f"panel{number}", track_order=True)
            group.attrs["title"] = panel.title
            group.attrs["captions"] = json.dumps(panel.captions)
            group.create_dataset("images", data=_bytes(panel.images), track_times=False)


def write_pretext(file: Path, method: Method, splits: dict[str, Source], batch_size: int, seed: int) -> None:
    """Write the pretext task on up to 1,000 images of each split; no file where the method has no task.

    Rows are in complete batches, as in training. Differs: images are rounded to 8 bits.
    """
    parts = {name: _pretexts(method, split, batch_size, seed, name) for name, split in splits.items()}
    if not all(parts.values()):
        return
    with _new_file(file) as target:
        for split, batches in parts.items():
            group = target.create_group(split)
            target.attrs["kind"] = batches[0].kind
            sizes = [len(batch.target) for batch in batches]
            targets = _joined([batch.target for batch in batches])
            if batches[0].kind == "matching":  # rows of a batch become rows of the file
                targets = targets + np.repeat(np.cumsum([0, *sizes[:-1]]), sizes)
            columns = {
                "images": np.concatenate([_bytes(batch.images) for batch in batches]),
                "target": targets,
                "group": np.repeat(np.arange(len(batches)), sizes),
                "score": _joined([batch.score for batch in batches]),
            }
            for name in batches[0].baselines:
                columns[f"baselines/{name}"] = _joined([batch.baselines[name] for batch in batches])
            for key, values in columns.items():
                group.create_dataset(key, data=values, track_times=False)


def write_predictions(file: Path, method: Method, test: Source, seed: int) -> None:
    """Write the method's predictions on held-out images, which are not mirrored; no file where it has none.

    Attribute ``kind``; groups ``images`` (uint8) and ``arrays``, each {name: (M, ...)}. They are of the first 500 images;
    arrays are of all, batch by batch, where the prediction says so.
    """
    random, batches = generator(seed, "predict"), torch.arange(len(test)).split(PREDICTED_EXAMPLES)
    first = _prediction(method, test, batches[0], random)
    if first is None:
        return
    arrays = {name: [array] for name, array in first.arrays.items()}
    for index in batches[1:] if first.of_every_image else ():
        prediction = _prediction(method, test, index, random)
        assert prediction is not None, "a method predicts all images or none"
        for name, array in prediction.arrays.items():
            arrays[name].append(array)
    with _new_file(file) as target:
        target.attrs["kind"] = first.kind
        for name, images in first.images.items():
            target.create_dataset(f"images/{name}", data=_bytes(images), track_times=False)
        for name, parts in arrays.items():
            target.create_dataset(f"arrays/{name}", data=_joined(parts), track_times=False)


@torch.no_grad()
def _prediction(method: Method, test: Source, index: Tensor, random: torch.Generator) -> Prediction | None:
    draws = method.draw(len(index), random)
    if "flip" in draws:
        draws["flip"] = torch.zeros_like(draws["flip"])
    return method.predict(_views(method, test.rows(index), draws))


@contextmanager
def _new_file(path: Path, track_order: bool = False) -> Iterator[h5py.File]:
    """Yield an HDF5 file in memory, and write it to ``path`` at the end."""
    with h5py.File(path.name, "w", driver="core", backing_store=False, track_order=track_order) as file:
        yield file
        file.flush()
        write_whole(path, file.id.get_file_image())


def _pretexts(method: Method, split: Source, batch_size: int, seed: int, name: str) -> list[Pretext]:
    rows = torch.arange(min(PRETEXT_EXAMPLES, len(split)))
    batches = [part for part in rows.split(batch_size) if len(part) == batch_size] or [rows]
    pretexts = []
    for number, index in enumerate(batches):
        draws = method.draw(len(index), generator(seed, "pretext", name, number))
        with torch.no_grad():
            pretext = method.pretext(_views(method, split.rows(index), draws))
        if pretext is None:
            return []
        pretexts.append(pretext)
    return pretexts


def _views(method: Method, batch: Views, draws: Draws) -> Views:
    device = batch["index"].device
    with torch.no_grad():
        return method.views(batch, {name: draw.to(device) for name, draw in draws.items()})


def _joined(parts: list[Tensor]) -> np.ndarray:
    return torch.cat(parts).cpu().numpy()


def _bytes(images: Tensor) -> np.ndarray:
    """Return images in [0, 1] as contiguous uint8 (n, 3, H, W)."""
    return (images.detach().clamp(0, 1) * 255).round().to(torch.uint8).contiguous().cpu().numpy()
