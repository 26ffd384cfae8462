"""The method of a recipe at a small scale: eight examples of every modality, and training steps on them."""

import inspect
import json
import math
from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from typing import Any

import torch
from torch import Tensor

from selfsup import extensions
from selfsup.config.signature import TABLE_READS
from selfsup.methods.base import ARRAYS, DataInfo, Extras, Method, Step, Views
from selfsup.nn import encoder
from selfsup.seeds import generator
from selfsup.training.pretrain import method_class

Recipe = Mapping[str, Any]
Optimisers = dict[str, torch.optim.Optimizer]
EXAMPLES = 8
CLASSES = 4
SPEAKERS = 3
SIZE_PX = 32
FRAMES = 4
RATE_HZ = 8000  # of sound beside data of another modality, one second
WORDS = [
    "a red cup",
    "the blue boat",
    "one old tree",
    "some green lamp",
    "a house",
    "small cars",
    "the pawn",
    "grass",
    "sand",
]
INFO = DataInfo(examples=EXAMPLES, classes=CLASSES, size_px=SIZE_PX, batch_size=EXAMPLES, total_steps=40)
STEP = Step(0, INFO.total_steps)
PATCH_INFO = replace(INFO, size_px=2 * SIZE_PX)  # for methods that cut an image into patches


def info_of(recipe: Recipe) -> DataInfo:
    """Return the properties of eight examples, of a size that fits the recipe's method."""
    modality = method_class(recipe["method"]).modality_of(recipe["hyper"])
    if modality == "clip":
        return replace(INFO, length=FRAMES)
    if modality.endswith("waveform"):
        encoder_keys = recipe["encoder"]
        rate_hz = encoder_keys.get("rate_hz") or 100 * math.prod(encoder_keys["strides"])  # frames are 10 ms
        length = round(max(1.0, recipe["hyper"].get("window_seconds", 0)) * rate_hz)
        return replace(INFO, size_px=0, length=length, rate_hz=rate_hz, speakers=SPEAKERS)
    return PATCH_INFO if {"patch_px", "tile_px", "cell_px"} & set(recipe["hyper"]) else INFO


def table_of(recipe: Recipe, info: DataInfo) -> dict[str, Tensor]:
    """Return the table of a recipe, made from the eight images where it is made from images."""
    if not recipe.get("table"):
        return {}
    table = _table(json.dumps(recipe["table"]), info.size_px, info.length, info.rate_hz)
    return {name: column.clone() for name, column in table.items()}


@cache
def _table(description: str, size_px: int, length: int, rate_hz: int) -> dict[str, Tensor]:
    arrays = every_array(replace(INFO, size_px=size_px, length=length, rate_hz=rate_hz))
    arguments = json.loads(description)
    make = extensions.load(f"tables.{arguments.pop('table')}").make
    for key in [key for key in inspect.signature(make).parameters if key in TABLE_READS]:
        arguments[key] = arrays[TABLE_READS[key]]
    table: dict[str, Tensor] = make(**arguments)
    return table


def hyper_of(recipe: Recipe, info: DataInfo, **changes: Any) -> dict[str, Any]:
    """Return a recipe's hyper-parameters at the scale of eight examples, with ``changes``.

    A dictionary updates a group of keys, or replaces it if it has a ``kind`` or ``name``.
    """
    hyper = dict(recipe["hyper"])
    for key, limit in {"batch_norm_splits": max(1, info.batch_size // 2), "queue_length": 20}.items():
        if key in hyper:
            hyper[key] = min(hyper[key], limit)
    for key, value in changes.items():
        partial = isinstance(value, dict) and not {"kind", "name"} & set(value)
        hyper[key] = {**hyper[key], **value} if partial else value
    return hyper


def build(recipe: Recipe, seed: int = 0, info: DataInfo | None = None, **changes: Any) -> Method:
    """Return the method of a recipe at the scale of eight examples, its hyper-parameters with ``changes``."""
    info = info or info_of(recipe)
    info = replace(info, table=table_of(recipe, info))
    torch.manual_seed(seed)
    network = encoder.build(recipe["encoder"])
    return method_class(recipe["method"]).from_recipe(network, info, hyper_of(recipe, info, **changes))


def views_of(method: Method, seed: int = 0, **changed: Tensor) -> Views:
    """Return the views of the eight examples, drawn from a seed; ``changed`` replaces arrays of the batch."""
    return method.views(batch_of(method, **changed), method.draw(EXAMPLES, generator(seed, "views")))


def optimisers(method: Method, learning_rate: float = 2e-3) -> Optimisers:
    """Return an AdamW for each objective with parameters."""
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
    """Take one step with ``after_step`` and return the sum of the objectives' losses."""
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


def batch(examples: int = EXAMPLES, seed: int = 0, size_px: int = SIZE_PX, channels: int = 3) -> Views:
    """Return smooth random images uint8 (N, C, H, W), still recognisable after crops and jitter, with ``index`` and ``label``."""
    draws = torch.Generator().manual_seed(seed)
    coarse = torch.rand(examples, channels, 4, 4, generator=draws)
    image = torch.nn.functional.interpolate(coarse, size=size_px, mode="bilinear") * 255
    label = torch.randint(0, CLASSES, (examples,), generator=draws)
    return {"index": torch.arange(examples), "image": image.to(torch.uint8), "label": label}


def every_array(info: DataInfo, channels: int = 3, seed: int = 0) -> Views:
    """Return eight examples of every modality at the sizes of ``info``, by the names of a prepared split's arrays."""
    draws = torch.Generator().manual_seed(seed)
    still = batch(seed=seed, size_px=info.size_px or SIZE_PX, channels=channels)
    rate_hz, samples = (info.rate_hz, info.length) if info.rate_hz else (RATE_HZ, RATE_HZ)
    rgb = still["image"][:, :3]
    moved = [rgb.roll((frame, 2 * frame), (2, 3)) for frame in range(FRAMES)]
    return {
        **still,
        "clip": torch.stack(moved, 1),
        "waveform": _waveforms(rate_hz, samples, draws),
        "content": still["label"][:, None].expand(-1, samples // (rate_hz // 100)).clone(),
        "speaker": torch.randint(0, SPEAKERS, (EXAMPLES,), generator=draws),
        "caption": captions([f"{WORDS[n]} {WORDS[n + 1]}" for n in range(EXAMPLES)]),
        **_pairs(rgb),
    }


def captions(texts: list[str]) -> Tensor:
    """Return two phrasings of each text as bytes: uint8 (N, 2, L)."""
    phrased = [[text.encode(), f"this is {text}".encode()] for text in texts]
    longest = max(len(text) for pair in phrased for text in pair)
    return torch.tensor([[list(text.ljust(longest, b"\0")) for text in pair] for pair in phrased], dtype=torch.uint8)


def batch_of(method: Method, **changed: Tensor) -> Views:
    """Return a batch of exactly the arrays that the method's modality names, at its size; ``changed`` replaces some."""
    arrays = {**every_array(method.info, 4 if method.modality == "image_depth" else 3), **changed}
    return {name: arrays[name] for name in ("index", *ARRAYS[method.modality])}


def _waveforms(rate_hz: int, samples: int, draws: torch.Generator) -> Tensor:
    """Return tones of random pitch that swell and fade, in a little noise: int16 (N, S)."""
    time_s = torch.arange(samples) / rate_hz
    pitch_hz = 100 + 300 * torch.rand(EXAMPLES, 1, generator=draws)
    tone = (2 * torch.pi * pitch_hz * time_s).sin() * (2 * torch.pi * 3 * time_s).cos()
    return (tone * 20000 + 500 * torch.randn(EXAMPLES, samples, generator=draws)).to(torch.int16)


def _pairs(images: Tensor) -> Views:
    """Return images (N, 3, H, W) and copies shifted by one row and two columns, with the matches of pixels."""
    height, width = images.shape[2:]
    row, column = torch.meshgrid(torch.arange(height) + 0.5, torch.arange(width) + 0.5, indexing="ij")
    match = torch.stack([column + 2, row + 1], -1).expand(len(images), -1, -1, -1).clone()
    match[(match[..., 0] > width) | (match[..., 1] > height)] = torch.nan
    mask = torch.zeros(len(images), height, width, dtype=torch.uint8)
    mask[:, 8:24, 8:24] = 1
    return {
        "first": images,
        "second": images.roll((1, 2), (2, 3)),
        "match": match,
        "first_mask": mask,
        "second_mask": mask.roll((1, 2), (1, 2)),
    }
