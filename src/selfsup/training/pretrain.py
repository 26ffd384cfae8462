"""Pretraining: one method, one seed, from prepared data to the weights of the method and its encoders."""

from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save
from torch import Tensor

from selfsup import extensions
from selfsup.device import prepare_device
from selfsup.methods.base import DataInfo, Method
from selfsup.nn.encoder import build, save_encoder
from selfsup.seeds import derive
from selfsup.specs import syntax
from selfsup.training.checkpoint import Checkpoint
from selfsup.training.loop import Progress, Training
from selfsup.training.source import Source, open_source


def pretrain(
    folder: Path,
    *,
    prepared: Path,
    table: Path | None,
    checkpoint: Path,
    seed: int,
    progress: Progress,
    method: str,
    encoder: dict[str, Any],
    hyper: dict[str, Any],
    optimiser: dict[str, Any],
    schedule: dict[str, Any],
    batch_size: int,
    epochs: int,
    device: str,
    precision: str,
    threads: int,
    stop_after: int | None = None,
) -> None:
    """Train one method with one seed and write the run into ``folder``.

    ``checkpoint`` is resumed from where it exists, and left to whoever puts the run in its place; the last epoch counts.
    ``stop_after`` ends a session early with a checkpoint and writes no run. Raises InputError where the device is missing
    or the loss is no longer finite.
    """
    prepare_device(device, threads)
    model, train = construct(
        prepared,
        table,
        seed=seed,
        method=method,
        encoder=encoder,
        hyper=hyper,
        batch_size=batch_size,
        epochs=epochs,
        device=device,
    )
    total = model.info.total_steps
    training = Training(model, train, seed, optimiser, schedule, batch_size, total, precision, Checkpoint(checkpoint))
    if not training.run(progress, stop_after):
        return
    for name, kept in model.encoders().items():
        place = folder if name == "image" else folder / name
        place.mkdir(exist_ok=True)
        save_encoder(kept, place)
    (folder / "method.safetensors").write_bytes(save(_state(model)))
    training.curves.write(folder / "curves.csv")
    training.write_summary(folder / "summary.json")


def _state(model: Method) -> dict[str, Tensor]:
    """Return every weight and buffer of a method by name, each a tensor of its own: the format shares none."""
    whole = torch.contiguous_format
    return {
        name: tensor.detach().cpu().clone(memory_format=whole) for name, tensor in sorted(model.state_dict().items())
    }


def construct(
    prepared: Path,
    table: Path | None,
    *,
    seed: int,
    method: str,
    encoder: dict[str, Any],
    hyper: dict[str, Any],
    batch_size: int,
    epochs: int,
    device: str,
) -> tuple[Method, Source]:
    """Return a freshly initialised method on the device, and the training set that it was told of."""
    kind = method_class(method)
    train = open_source(prepared / "train.h5", kind.modality_of(hyper), device)
    info = DataInfo(
        examples=len(train),
        classes=train.classes,
        size_px=train.size_px,
        batch_size=batch_size,
        total_steps=epochs * (len(train) // batch_size),
        grey=train.grey,
        length=train.length,
        rate_hz=train.rate_hz,
        speakers=train.speakers,
        table=load_file(table / "table.safetensors") if table else {},
    )
    torch.manual_seed(derive(seed, "init"))
    return kind.from_recipe(build(encoder), info, hyper).to(device), train


def method_class(name: str) -> type[Method]:
    """Return the one class of ``methods/<name>.py`` that is a method; by name, so that no other method is imported."""
    module = extensions.load(f"methods.{name}")
    kind: type[Method] = getattr(module, syntax.method_class(module.__name__))
    return kind
