"""Every recipe of params/methods as a small method: eight examples of 32 pixels, and steps as the training loop takes them."""

import importlib
import inspect
from dataclasses import replace
from pathlib import Path

import torch
import yaml

from selfsup.methods.base import Facts, Method
from selfsup.nn import encoder
from selfsup.seeds import generator

FILES = {file.stem: file for file in sorted(Path(__file__).parents[2].glob("params/methods/*.yaml"))}
EXAMPLES = 8
FACTS = Facts(examples=EXAMPLES, classes=4, size_px=32, batch_size=EXAMPLES, total_steps=40)
PATCH_FACTS = replace(FACTS, size_px=64)  # for methods that cut an image into patches


def recipe(name):
    return yaml.safe_load(FILES[name].read_text(encoding="utf-8"))


def method_class(name):
    module = importlib.import_module(f"selfsup.methods.{recipe(name)['method']}")
    found = [c for _, c in inspect.getmembers(module, inspect.isclass) if c.__module__ == module.__name__]
    (only,) = [c for c in found if issubclass(c, Method)]
    return only


def facts_of(name):
    """Return the facts of eight images at the size that a method needs."""
    return PATCH_FACTS if {"patch_px", "tile_px", "cell_px"} & set(recipe(name)["hyper"]) else FACTS


def table_of(name, facts):
    """Return the table of a recipe, made from the eight images where it is made from images."""
    asked = dict(recipe(name).get("table") or {})
    if not asked:
        return {}
    make = importlib.import_module(f"selfsup.tables.{asked.pop('table')}").make
    if "images" in inspect.signature(make).parameters:
        asked["images"] = batch(size_px=facts.size_px)["image"]
    return make(**asked)


def build(name, seed=0, facts=None, **changes):
    """Return the method of a recipe at the scale of eight examples, with some of its hyper-parameters changed."""
    facts = facts or facts_of(name)
    facts = replace(facts, table=table_of(name, facts))
    torch.manual_seed(seed)
    hyper = recipe(name)["hyper"]
    for key, most in {"batch_norm_splits": facts.batch_size // 2, "queue_length": 20}.items():
        if key in hyper:
            hyper[key] = min(hyper[key], most)
    return method_class(name)(encoder.build(recipe(name)["encoder"]), facts, **{**hyper, **changes})


def batch(examples=EXAMPLES, seed=0, size_px=32, channels=3):
    """Return smooth random images, which crops and jitter leave recognisable, and labels."""
    draws = torch.Generator().manual_seed(seed)
    coarse = torch.rand(examples, channels, 4, 4, generator=draws)
    image = torch.nn.functional.interpolate(coarse, size=size_px, mode="bilinear") * 255
    label = torch.randint(0, FACTS.classes, (examples,), generator=draws)
    return {"index": torch.arange(examples), "image": image.to(torch.uint8), "label": label}


def batch_of(method, **changed):
    """Return the batch that a method eats: at its size, with depth where its modality asks for it."""
    channels = 4 if method.modality == "image_depth" else 3
    return {**batch(size_px=method.facts.size_px, channels=channels), **changed}


def views_of(method, seed=0, **changed):
    return method.views(batch_of(method, **changed), method.draw(EXAMPLES, generator(seed, "views")))


def optimisers(method, learning_rate=2e-3):
    players = method.players()
    return {n: torch.optim.AdamW(p.parameters.values(), lr=learning_rate) for n, p in players.items() if p.parameters}


def move(method, views, of):
    """Take one step of every player, without what follows it; return the sum of their losses and what they carry."""
    carry, total = {}, 0.0
    for name, player in method.players().items():
        terms = player.loss(views, carry)
        if name in of:
            parameters = list(player.parameters.values())
            for parameter, gradient in zip(parameters, torch.autograd.grad(terms.loss, parameters), strict=True):
                parameter.grad = gradient
            of[name].step()
        carry |= terms.carry
        total += terms.loss.item()
    return total, carry


def step(method, views, of):
    """Take one whole step and return the sum of the players' losses."""
    total, carry = move(method, views, of)
    method.after_step(carry)
    return total
