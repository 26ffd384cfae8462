"""Reads `params/`: every file strictly typed, every mistake one sentence, everything handed on as plain values."""

import math
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Literal

from pydantic import (
    NonNegativeFloat,
    NonNegativeInt,
    PositiveFloat,
    PositiveInt,
)

from selfsup import signature
from selfsup.datasets.lock import read_lock
from selfsup.errors import InputError
from selfsup.strict import Strict, check, nearest, read_yaml

PARAMS = Path("params")
PROVIDED = ("root", "lock", "device", "precision")


class Optimiser(Strict):
    name: Literal["adamw", "sgd"]
    learning_rate: PositiveFloat
    weight_decay: NonNegativeFloat
    momentum: NonNegativeFloat | None = None


class Schedule(Strict):
    warmup_fraction: NonNegativeFloat


class Paper(Strict):
    authors: str
    year: int
    title: str
    arxiv: str | None = None
    venue: str | None = None


class MethodFile(Strict):
    method: str
    paper: Paper
    encoder: dict[str, Any]
    optimiser: Optimiser
    schedule: Schedule
    batch_size: PositiveInt
    epochs: PositiveInt
    hyper: dict[str, Any]


class Variant(Strict):
    method: str
    name: str
    set: dict[str, Any]


class Asked(Strict):
    protocol: str
    runs: list[str]


class GroupFile(Strict):
    name: str
    data: str
    seeds: list[NonNegativeInt]
    runs: list[str | Variant]
    evaluations: list[str | Asked]


class SuiteFile(Strict):
    title: str
    summary: str
    device: Literal["cpu", "cuda"]
    precision: Literal["float32", "bfloat16"]
    threads: PositiveInt
    groups: list[GroupFile]
    claims: list[str]
    reported: list[str]


@dataclass(frozen=True)
class Data:
    """A data set to prepare: its module, arguments, the lock of the user's files, and what planning must know."""

    name: str
    dataset: str
    arguments: dict[str, Any]
    source: str | None
    lock: dict[str, Any] | None
    train_examples: int
    labelled: bool


@dataclass(frozen=True)
class Run:
    """One variant to pretrain: ``recipe`` holds everything of it that determines the result."""

    name: str
    method: str
    recipe: dict[str, Any]
    paper: dict[str, Any]
    file: Path
    evaluations: list[str] = field(default_factory=list)


def _module(package: str, name: Any, file: Path, key: str) -> str:
    known = [found for found in signature.names(package) if found not in ("base", "lock", "prepared", "inputs")]
    if name not in known:
        raise InputError(
            f"{file}: key {key} names no module of src/selfsup/{package.replace('.', '/')}/: {nearest(str(name), known)}"
        )
    return f"{package}.{name}"


@cache
def data(name: str) -> Data:
    """Return the data set that ``params/data/<name>.yaml`` describes, with its lock where it is made from a user's files."""
    file = PARAMS / "data" / f"{name}.yaml"
    content = read_yaml(file)
    module = _module("datasets", content.pop("dataset", None), file, "dataset")
    source = content.pop("source", None)
    arguments = check(signature.schema(module, "prepare", provided=PROVIDED), content, file)
    lock = None
    if "root" in signature.keywords(module, "prepare"):
        if not isinstance(source, str):
            raise InputError(
                f"{file}: key source is missing; name the folder below SELFSUP_DATA_ROOT that holds the files"
            )
        lock = read_lock(PARAMS / "data" / f"{source}.lock")
    elif source is not None:
        raise InputError(f"{file}: key source is for data sets made from files; remove it")
    dataset = module.rpartition(".")[2]
    return Data(
        name,
        dataset,
        arguments,
        source,
        lock,
        _train_examples(arguments, lock, file),
        lock is None or bool(lock["labelled"]),
    )


def _train_examples(arguments: dict[str, Any], lock: dict[str, Any] | None, file: Path) -> int:
    asked = arguments.get("train_examples")
    if lock is None:
        return int(arguments["train_examples"])
    there = sum(split["examples"] for split in lock["splits"].values())
    if "train" in lock["splits"]:
        there = lock["splits"]["train"]["examples"]
    if asked is not None and asked > there:
        raise InputError(f"{file}: key train_examples is {asked}, but there are {there}; lower it")
    if asked is None and "train" not in lock["splits"]:
        return math.floor(there * (1 - arguments.get("test_fraction", 0)))
    return int(there if asked is None else asked)


@cache
def _method_file(name: str) -> dict[str, Any]:
    return read_yaml(PARAMS / "methods" / f"{name}.yaml")


def run(name: str, recipe: str, changes: dict[str, Any]) -> Run:
    """Return one variant of ``params/methods/<recipe>.yaml``; ``changes`` maps dotted keys to values."""
    file = PARAMS / "methods" / f"{recipe}.yaml"
    content = _changed(_method_file(recipe), changes, name)
    checked = check(MethodFile, content, file)
    method = _module("methods", checked["method"], file, "method")
    checked["hyper"] = check(signature.schema(method, "__init__", base="Method"), checked["hyper"], file, "hyper")
    encoder = dict(checked["encoder"])
    backbone = _module("nn.backbones", encoder.pop("backbone", None), file, "encoder.backbone")
    arguments = check(signature.schema(backbone, "build"), encoder, file, "encoder")
    checked["encoder"] = {"backbone": backbone.rpartition(".")[2], **arguments}
    paper = checked.pop("paper")
    return Run(name, checked["method"], checked, paper, file)


def _changed(content: dict[str, Any], changes: dict[str, Any], variant: str) -> dict[str, Any]:
    copy = {key: dict(value) if isinstance(value, dict) else value for key, value in content.items()}
    for dotted, value in changes.items():
        *parents, last = dotted.split(".")
        inner = copy
        for parent in parents:
            if not isinstance(inner.get(parent), dict):
                raise InputError(
                    f"variant {variant}: set names {dotted}, but {parent} is no group of keys; {nearest(parent, list(copy))}"
                )
            inner = inner[parent]
        inner[last] = value
    return copy


@cache
def evaluation(name: str) -> tuple[str, dict[str, Any]]:
    """Return the module and the arguments of ``params/evaluations/<name>.yaml``."""
    file = PARAMS / "evaluations" / f"{name}.yaml"
    content = read_yaml(file)
    module = _module("evaluations", content.pop("evaluation", None), file, "evaluation")
    function = "extract" if module == "evaluations.features" else "evaluate"
    return module.rpartition(".")[2], check(signature.schema(module, function, provided=PROVIDED), content, file)
