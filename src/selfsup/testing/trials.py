"""A recipe as a small method: eight examples of 32 pixels, and steps as the training loop takes them."""

import inspect
import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from selfsup import extensions
from selfsup.config.lookup import TABLE_READS
from selfsup.methods.base import DataInfo, Extras, Method, Step, Views
from selfsup.nn import encoder
from selfsup.seeds import generator
from selfsup.testing.examples import CLASSES, EXAMPLES, FRAMES, SIZE_PX, SPEAKERS, batch_of, every_array
from selfsup.training.pretrain import method_class

Recipe = Mapping[str, Any]
Optimisers = dict[str, torch.optim.Optimizer]
INFO = DataInfo(examples=EXAMPLES, classes=CLASSES, size_px=SIZE_PX, batch_size=EXAMPLES, total_steps=40)
STEP = Step(0, INFO.total_steps)
PATCH_INFO = replace(INFO, size_px=2 * SIZE_PX)  # for methods that cut an image into patches


def info_of(recipe: Recipe) -> DataInfo:
    """Return what the method of a recipe is told of eight examples, at the size that it needs."""
    modality = method_class(recipe["method"]).modality_of(recipe["hyper"])
    if modality == "clip":
        return replace(INFO, length=FRAMES)
    if modality.endswith("waveform"):
        rate_hz = _rate_hz(recipe["encoder"])
        length = round(max(1.0, recipe["hyper"].get("window_seconds", 0)) * rate_hz)
        return replace(INFO, size_px=0, length=length, rate_hz=rate_hz, speakers=SPEAKERS)
    return PATCH_INFO if {"patch_px", "tile_px", "cell_px"} & set(recipe["hyper"]) else INFO


def _rate_hz(description: Mapping[str, Any]) -> int:
    """Return the rate of the sound that an encoder takes: its frames are 10 ms."""
    return description.get("rate_hz") or 100 * math.prod(description["strides"])


def table_of(recipe: Recipe, info: DataInfo) -> dict[str, Tensor]:
    """Return the table of a recipe, made from the eight images where it is made from images."""
    asked = dict(recipe.get("table") or {})
    if not asked:
        return {}
    make = extensions.load(f"tables.{asked.pop('table')}").make
    for key in [key for key in inspect.signature(make).parameters if key in TABLE_READS]:
        asked[key] = every_array(info)[TABLE_READS[key]]
    made: dict[str, Tensor] = make(**asked)
    return made


def hyper_of(recipe: Recipe, info: DataInfo, **changes: Any) -> dict[str, Any]:
    """Return a recipe's hyper-parameters at the scale of eight examples, some of them changed.

    A change of a group of keys changes those that it names; one that names its ``kind`` or ``name`` is another group.
    """
    hyper = dict(recipe["hyper"])
    for key, most in {"batch_norm_splits": max(1, info.batch_size // 2), "queue_length": 20}.items():
        if key in hyper:
            hyper[key] = min(hyper[key], most)
    for key, value in changes.items():
        partial = isinstance(value, dict) and not {"kind", "name"} & set(value)
        hyper[key] = {**hyper[key], **value} if partial else value
    return hyper


def build(recipe: Recipe, seed: int = 0, info: DataInfo | None = None, **changes: Any) -> Method:
    """Return the method of a recipe at the scale of eight examples, with some of its hyper-parameters changed."""
    info = info or info_of(recipe)
    info = replace(info, table=table_of(recipe, info))
    torch.manual_seed(seed)
    network = encoder.build(recipe["encoder"])
    return method_class(recipe["method"]).from_recipe(network, info, hyper_of(recipe, info, **changes))


def views_of(method: Method, seed: int = 0, **changed: Tensor) -> Views:
    """Return the views of the eight examples, drawn from a seed; ``changed`` replaces arrays of the batch."""
    return method.views(batch_of(method, **changed), method.draw(EXAMPLES, generator(seed, "views")))


def optimisers(method: Method, learning_rate: float = 2e-3) -> Optimisers:
    """Return an AdamW for each objective that has parameters to move."""
    return {
        name: torch.optim.AdamW(objective.parameters.values(), lr=learning_rate)
        for name, objective in method.objectives().items()
        if objective.parameters
    }


def move(method: Method, views: Views, of: Optimisers, number: int = 0) -> tuple[float, Extras]:
    """Take step ``number`` of every objective, without ``after_step``; return the sum of their losses and their extras."""
    extras: Extras = {}
    total = 0.0
    for name, objective in method.objectives().items():
        output = objective.loss(views, extras, Step(number, INFO.total_steps))
        if name in of:
            parameters = list(objective.parameters.values())
            for parameter, gradient in zip(parameters, torch.autograd.grad(output.loss, parameters), strict=True):
                parameter.grad = gradient
            of[name].step()
        extras |= output.extras
        total += output.loss.item()
    return total, extras


def step(method: Method, views: Views, of: Optimisers, number: int = 0) -> float:
    """Take one whole step and return the sum of the objectives' losses."""
    total, extras = move(method, views, of, number)
    method.after_step(extras, Step(number, INFO.total_steps))
    return total


def trained(recipe: Recipe, steps: int = 2, seed: int = 0) -> tuple[Method, Optimisers]:
    """Return the method of a recipe after some steps, in training mode, with its optimisers."""
    method = build(recipe, seed).train()
    of = optimisers(method)
    for number in range(steps):
        step(method, views_of(method, number), of, number)
    return method, of
