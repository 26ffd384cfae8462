"""Pretraining of one method with one seed, from prepared data to the weights of the method and its encoders."""

from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save
from torch import Tensor

from selfsup import extensions
from selfsup.device import prepare_device
from selfsup.errors import InputError
from selfsup.methods.base import DataInfo, Method
from selfsup.nn.encoder import build, save_encoder
from selfsup.seeds import derive
from selfsup.specs import syntax
from selfsup.training.checkpoint import Checkpoint
from selfsup.training.loop import Progress, Training
from selfsup.training.source import Source, open_source
from selfsup.training.untrained import measure_statistics


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
    epochs: float,
    device: str,
    precision: str,
    threads: int,
    stop_after: int | None = None,
) -> None:
    """Train one method with one seed and write the weights of the last epoch into ``folder``.

    With 0 epochs they are those of the method's untrained start (untrained.py), without a row in the curves.
    Training resumes from ``checkpoint`` if it exists; the caller deletes it. ``stop_after`` stops at a step with a
    checkpoint and writes no weights. Raises InputError where the device is missing or the loss is not finite.
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
    if not epochs:
        measure_statistics(model, train, seed, batch_size)
    saved = Checkpoint(checkpoint)
    training = Training(model, train, seed, optimiser, schedule, batch_size, total, precision, saved)
    if saved.was_damaged:
        progress.say("its checkpoint was damaged and is deleted: the run starts anew")
    if not training.run(progress, stop_after):
        return
    for name, network in model.encoders().items():
        target = folder if name == "image" else folder / name
        target.mkdir(exist_ok=True)
        save_encoder(network, target, train.size_px)
    (folder / "method.safetensors").write_bytes(save(_state(model)))
    training.curves.write(folder / "curves.csv")
    training.write_summary(folder / "summary.json")


def _state(model: Method) -> dict[str, Tensor]:
    """Return every weight and buffer of a method by name, copied, as safetensors stores no shared memory."""
    return {
        name: tensor.detach().cpu().clone(memory_format=torch.contiguous_format)
        for name, tensor in sorted(model.state_dict().items())
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
    epochs: float,
    device: str,
) -> tuple[Method, Source]:
    """Return a newly initialised method on the device, and its training set."""
    kind = method_class(method)
    train = open_source(prepared / "train.h5", kind.modality_of(hyper), device)
    info = DataInfo(
        examples=len(train),
        classes=train.classes,
        size_px=train.size_px,
        batch_size=batch_size,
        total_steps=total_steps(epochs, len(train), batch_size),
        grey=train.grey,
        length=train.length,
        rate_hz=train.rate_hz,
        speakers=train.speakers,
        table=load_file(table / "table.safetensors") if table else {},
    )
    torch.manual_seed(derive(seed, "init"))
    return kind.from_recipe(build(encoder), info, hyper).to(device), train


def total_steps(epochs: float, examples: int, batch_size: int) -> int:
    """Return the steps of so many epochs of complete batches, rounded; InputError where a positive number is none."""
    if epochs and examples < batch_size:
        raise InputError(
            f"batch_size is {batch_size}, but the prepared data have {examples} training examples; lower it (equal images stay "
            "on one side where a folder is split, which can leave fewer than planned)"
        )
    per_epoch = examples // batch_size
    steps = round(epochs * per_epoch)
    if epochs and not steps:
        raise InputError(
            f"epochs is {epochs}, less than one step of {batch_size} in {examples}; set it to {1 / per_epoch:.2g} or more"
        )
    return steps


def method_class(name: str) -> type[Method]:
    """Return the method class of the module ``methods.<name>``, without importing other methods."""
    module = extensions.load(f"methods.{name}")
    kind: type[Method] = getattr(module, syntax.method_class(module.__name__))
    return kind
