"""Builds every method of a suite before anything is trained, so that a recipe that does not fit is an error at once."""

import torch

from selfsup import extensions
from selfsup.config.lookup import table_reads
from selfsup.config.recipe import PARAMS, Data, Run
from selfsup.config.strict import require
from selfsup.device import prepare_device
from selfsup.errors import InputError
from selfsup.methods.base import DataInfo
from selfsup.nn.encoder import build
from selfsup.seeds import generator
from selfsup.store.graph import graph
from selfsup.training.pretrain import method_class, total_steps

TRIAL = {"images": (8, 3, 16, 16), "clips": (8, 2, 3, 16, 16), "captions": (8, 2, 32)}  # shapes of random examples


def check(suite: str) -> None:
    """Raise InputError, with the recipe's file, for the first run that does not fit its data, then for a missing device.

    Only runs without weights are built, each once for all seeds.
    """
    planned = graph(suite)
    for group, chains in planned.groups:
        for run in {c.run.name: c.run for c in chains if not c.run.imported and not c.weights.exists()}.values():
            try:
                _construct(run, group.data)
            except InputError as error:
                raise InputError(f"{run.origin}: {error}") from error
    try:
        prepare_device(planned.suite.device, planned.suite.threads)
    except InputError as error:
        raise InputError(f"{PARAMS / 'suites' / suite}.yaml: {error}") from error


def _construct(run: Run, data: Data) -> None:
    recipe, arguments = run.recipe, data.arguments
    # the frames of a clip or the samples of a waveform
    length = arguments.get("frames") or round(arguments.get("seconds", 0) * arguments.get("rate_hz", 0))
    info = DataInfo(
        examples=data.train_examples,
        classes=len(data.lock["classes"] if data.lock else extensions.load(f"datasets.{data.dataset}").CLASSES),
        size_px=arguments.get("size_px", 0),
        batch_size=recipe["batch_size"],
        total_steps=total_steps(recipe["epochs"], data.train_examples, recipe["batch_size"]),
        grey=data.grey,
        length=int(length),
        rate_hz=arguments.get("rate_hz", 0),
        speakers=2,  # locks have no number of speakers, and it makes no difference here
        table=_trial_table(run),
    )
    objectives = method_class(run.method).from_recipe(build(recipe["encoder"]), info, recipe["hyper"]).objectives()
    for name in recipe["optimiser"].get("objective_factors", ()):
        require(name, objectives, f"optimiser.objective_factors names {name}")


def _trial_table(run: Run) -> dict[str, torch.Tensor]:
    """Return a recipe's table with its true shapes, made from random bytes (lower-case letters) instead of data."""
    if "table" not in run.recipe:
        return {}
    arguments = dict(run.recipe["table"])
    name = arguments.pop("table")
    for key in table_reads(name):
        arguments[key] = torch.randint(97, 123, TRIAL[key], dtype=torch.uint8, generator=generator(0, "trial"))
    table: dict[str, torch.Tensor] = extensions.load(f"tables.{name}").make(**arguments)
    return table
