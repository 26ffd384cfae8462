"""Every recipe of params/methods as a small method: eight examples of 32 pixels, and steps as the training loop takes them."""

import importlib
import inspect
import math
from dataclasses import replace
from pathlib import Path

import torch
import yaml

from selfsup.config.lookup import TABLE_READS
from selfsup.methods.base import ARRAYS, DataInfo, Method
from selfsup.nn import encoder
from selfsup.seeds import generator

FILES = {file.stem: file for file in sorted(Path(__file__).parents[2].glob("params/methods/*.yaml"))}
EXAMPLES = 8
INFO = DataInfo(examples=EXAMPLES, classes=4, size_px=32, batch_size=EXAMPLES, total_steps=40)
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
PATCH_INFO = replace(INFO, size_px=64)  # for methods that cut an image into patches


def recipe(name):
    return yaml.safe_load(FILES[name].read_text(encoding="utf-8"))


def method_class(name):
    module = importlib.import_module(f"selfsup.methods.{recipe(name)['method']}")
    found = [c for _, c in inspect.getmembers(module, inspect.isclass) if c.__module__ == module.__name__]
    (only,) = [c for c in found if issubclass(c, Method)]
    return only


def info_of(name):
    """Return the info of eight examples at the size that a method needs."""
    modality = method_class(name).modality
    if modality == "clip":
        return replace(INFO, length=FRAMES)
    if modality.endswith("waveform"):
        rate_hz = rate_of(recipe(name)["encoder"])
        length = round(max(1.0, recipe(name)["hyper"].get("window_seconds", 0)) * rate_hz)
        return replace(INFO, size_px=0, length=length, rate_hz=rate_hz, speakers=3)
    return PATCH_INFO if {"patch_px", "tile_px", "cell_px"} & set(recipe(name)["hyper"]) else INFO


def rate_of(description):
    """Return the rate in Hz of the sound that an encoder takes: its frames are 10 ms."""
    return description.get("rate_hz") or 100 * math.prod(description["strides"])


def table_of(name, info):
    """Return the table of a recipe, made from the eight images where it is made from images."""
    asked = dict(recipe(name).get("table") or {})
    if not asked:
        return {}
    make = importlib.import_module(f"selfsup.tables.{asked.pop('table')}").make
    for key in [key for key in inspect.signature(make).parameters if key in TABLE_READS]:
        asked[key] = every_array(info)[TABLE_READS[key]]
    return make(**asked)


def build(name, seed=0, info=None, **changes):
    """Return the method of a recipe at the scale of eight examples, with some of its hyper-parameters changed."""
    info = info or info_of(name)
    info = replace(info, table=table_of(name, info))
    torch.manual_seed(seed)
    hyper = recipe(name)["hyper"]
    for key, most in {"batch_norm_splits": info.batch_size // 2, "queue_length": 20}.items():
        if key in hyper:
            hyper[key] = min(hyper[key], most)
    return method_class(name)(encoder.build(recipe(name)["encoder"]), info, **{**hyper, **changes})


def batch(examples=EXAMPLES, seed=0, size_px=32, channels=3):
    """Return smooth random images, which crops and jitter leave recognisable, and labels."""
    draws = torch.Generator().manual_seed(seed)
    coarse = torch.rand(examples, channels, 4, 4, generator=draws)
    image = torch.nn.functional.interpolate(coarse, size=size_px, mode="bilinear") * 255
    label = torch.randint(0, INFO.classes, (examples,), generator=draws)
    return {"index": torch.arange(examples), "image": image.to(torch.uint8), "label": label}


def every_array(info, channels=3, seed=0):
    """Return eight examples of every modality, at the sizes of ``info``: what a prepared split may hold."""
    draws = torch.Generator().manual_seed(seed)
    found = batch(seed=seed, size_px=info.size_px or INFO.size_px, channels=channels)
    image = found["image"]
    moved = [image[:, :3].roll((frame, 2 * frame), (2, 3)) for frame in range(FRAMES)]
    rate_hz, samples = (info.rate_hz, info.length) if info.rate_hz else (RATE_HZ, RATE_HZ)
    time_s = torch.arange(samples) / rate_hz
    pitch_hz = 100 + 300 * torch.rand(EXAMPLES, 1, generator=draws)
    tone = (2 * torch.pi * pitch_hz * time_s).sin() * (2 * torch.pi * 3 * time_s).cos()
    row, column = torch.meshgrid(torch.arange(image.shape[2]) + 0.5, torch.arange(image.shape[3]) + 0.5, indexing="ij")
    where = torch.stack([column + 2, row + 1], -1).expand(EXAMPLES, -1, -1, -1).clone()
    where[(where[..., 0] > image.shape[3]) | (where[..., 1] > image.shape[2])] = torch.nan
    mask = torch.zeros(EXAMPLES, *image.shape[2:], dtype=torch.uint8)
    mask[:, 8:24, 8:24] = 1
    return found | {
        "clip": torch.stack(moved, 1),
        "waveform": (tone * 20000 + 500 * torch.randn(EXAMPLES, samples, generator=draws)).to(torch.int16),
        "content": found["label"][:, None].expand(-1, samples // (rate_hz // 100)).clone(),
        "speaker": torch.randint(0, 3, (EXAMPLES,), generator=draws),
        "caption": captions([f"{WORDS[n]} {WORDS[n + 1]}" for n in range(EXAMPLES)]),
        "first": image[:, :3],
        "second": image[:, :3].roll((1, 2), (2, 3)),
        "match": where,
        "first_mask": mask,
        "second_mask": mask.roll((1, 2), (1, 2)),
    }


def captions(texts):
    """Return two phrasings of each text as bytes: uint8 (N, 2, L)."""
    phrased = [[text.encode(), f"this is {text}".encode()] for text in texts]
    longest = max(len(one) for pair in phrased for one in pair)
    return torch.tensor([[list(one.ljust(longest, b"\0")) for one in pair] for pair in phrased], dtype=torch.uint8)


def batch_of(method, **changed):
    """Return the batch that a method eats: what its modality names, at its size, and no more; ``changed`` where it has it."""
    channels = 4 if method.modality == "image_depth" else 3
    every = {**every_array(method.info, channels), **changed}
    return {name: every[name] for name in ("index", *ARRAYS[method.modality])}


def views_of(method, seed=0, **changed):
    return method.views(batch_of(method, **changed), method.draw(EXAMPLES, generator(seed, "views")))


def optimisers(method, learning_rate=2e-3):
    objectives = method.objectives()
    return {
        n: torch.optim.AdamW(p.parameters.values(), lr=learning_rate) for n, p in objectives.items() if p.parameters
    }


def move(method, views, of):
    """Take one step of every objective, without what follows it; return the sum of their losses and what they extras."""
    extras, total = {}, 0.0
    for name, objective in method.objectives().items():
        terms = objective.loss(views, extras)
        if name in of:
            parameters = list(objective.parameters.values())
            for parameter, gradient in zip(parameters, torch.autograd.grad(terms.loss, parameters), strict=True):
                parameter.grad = gradient
            of[name].step()
        extras |= terms.extras
        total += terms.loss.item()
    return total, extras


def step(method, views, of):
    """Take one whole step and return the sum of the objectives' losses."""
    total, extras = move(method, views, of)
    method.after_step(extras)
    return total
