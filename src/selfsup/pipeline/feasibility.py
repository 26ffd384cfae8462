"""Builds every method of a suite before anything is trained, so that what a recipe cannot do is said at once."""

from typing import Any

import torch

from selfsup import extensions
from selfsup.config.lookup import table_reads
from selfsup.config.recipe import PARAMS, Data, Run
from selfsup.config.strict import nearest
from selfsup.config.suite import load
from selfsup.device import prepare_device
from selfsup.errors import InputError
from selfsup.methods.base import DataInfo
from selfsup.nn.encoder import build
from selfsup.seeds import generator
from selfsup.store.chains import Chain, chains
from selfsup.training.pretrain import method_class

TRIAL = {"images": (8, 3, 16, 16), "clips": (8, 2, 3, 16, 16), "captions": (8, 2, 32)}  # captions of small letters


def check(suite: str) -> None:
    """Raise InputError, with the recipe's file, for the first run that its data, size or batch cannot serve.

    Only runs that are not made yet are built, each once, whatever its seeds; last comes whether the device is there.
    """
    for group, found in chains(suite):
        for chain in {c.run.name: c for c in found if not c.run.imported and not c.weights.exists()}.values():
            try:
                _construct(chain, group.data)
            except InputError as error:
                raise InputError(f"{chain.run.origin}: {error}") from error
    asked = load(suite)
    try:
        prepare_device(asked.device, asked.threads)
    except InputError as error:
        raise InputError(f"{PARAMS / 'suites' / suite}.yaml: {error}") from error


def _construct(chain: Chain, data: Data) -> None:
    recipe = chain.run.recipe
    info = DataInfo(
        examples=data.train_examples,
        classes=_classes(data),
        size_px=data.arguments.get("size_px", 0),
        batch_size=recipe["batch_size"],
        total_steps=recipe["epochs"] * (data.train_examples // recipe["batch_size"]),
        grey=data.grey,
        length=_length(data.arguments),
        rate_hz=data.arguments.get("rate_hz", 0),
        speakers=2,  # no lock counts them, and any two will do
        table=_trial_table(chain.run),
    )
    method = method_class(chain.run.method)
    objectives = method.from_recipe(build(recipe["encoder"]), info, recipe["hyper"]).objectives()
    if unknown := [name for name in recipe["optimiser"].get("objective_factors", ()) if name not in objectives]:
        raise InputError(f"optimiser.objective_factors names {unknown[0]}; {nearest(unknown[0], list(objectives))}")


def _classes(data: Data) -> int:
    if data.lock is not None:
        return len(data.lock["classes"])
    return len(extensions.load(f"datasets.{data.dataset}").CLASSES)


def _length(arguments: dict[str, Any]) -> int:
    """Return the frames of a clip or the samples of a waveform, by the data set's own arguments; 0 for still images."""
    return int(arguments.get("frames") or round(arguments.get("seconds", 0) * arguments.get("rate_hz", 0)))


def _trial_table(run: Run) -> dict[str, torch.Tensor]:
    """Return a recipe's table, made from noise where it is made from images: of the real one's shapes."""
    asked = dict(run.recipe.get("table", {}))
    if not asked:
        return {}
    name = asked.pop("table")
    for key in table_reads(name):
        asked[key] = torch.randint(97, 123, TRIAL[key], dtype=torch.uint8, generator=generator(0, "trial"))
    made: dict[str, torch.Tensor] = extensions.load(f"tables.{name}").make(**asked)
    return made
