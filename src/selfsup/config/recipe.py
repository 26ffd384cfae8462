"""Reads `params/`: every file strictly typed, every mistake one sentence, everything handed on as plain values."""

import math
from copy import deepcopy
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from selfsup.config import signature
from selfsup.config.files import MethodFile
from selfsup.config.lookup import PROVIDED, encoder, module_of, named
from selfsup.config.strict import check, nearest, read_yaml
from selfsup.datasets.lock import read_lock
from selfsup.errors import InputError

PARAMS = Path("params")


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
    grey: bool


@dataclass(frozen=True)
class Run:
    """One variant to pretrain: ``recipe`` holds everything of it that determines the result, ``title`` is for people.

    ``evaluations`` are the protocols that score it, by the name of the target's data set.
    """

    name: str
    title: str
    method: str
    recipe: dict[str, Any]
    paper: dict[str, Any]
    origin: str
    evaluations: dict[str, list[str]] = field(default_factory=dict)
    imported: bool = False


@cache
def data(name: str) -> Data:
    """Return the data set that ``params/data/<name>.yaml`` describes, with its lock where it is made from a user's files."""
    file = PARAMS / "data" / f"{name}.yaml"
    content = read_yaml(file)
    module = module_of("datasets", content.pop("dataset", None), file, "dataset")
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
        lock is not None and bool(lock["grey"]),
    )


def _train_examples(arguments: dict[str, Any], lock: dict[str, Any] | None, file: Path) -> int:
    asked = arguments.get("train_examples")
    if lock is None or set(lock["splits"]) == {"test"}:  # files that are only scored: what is trained on is generated
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


def run(name: str, recipe: str, changes: dict[str, Any], suite: Path, title: str | None = None) -> Run:
    """Return one variant of ``params/methods/<recipe>.yaml``; ``changes`` maps dotted keys to values.

    A mistake in the recipe is told of its file, one in the changes of the suite's.
    """
    file = PARAMS / "methods" / f"{recipe}.yaml"
    checked, origin = _checked(_method_file(recipe), str(file)), str(file)
    if changes:
        origin = f"{suite}, run {name}"
        checked = _checked(_changed(_method_file(recipe), changes, origin), origin)
    if title or name != recipe:
        checked["title"] = title or _variant_title(name, recipe, checked["title"])
    return Run(name, **checked, origin=origin)


def _variant_title(name: str, recipe: str, title: str) -> str:
    """Return what people read for a variant that the suite gives no title: ``simclr-no-colour`` is SimCLR, no colour."""
    what = name.removeprefix(recipe).strip("-_").replace("-", " ").replace("_", " ")
    return f"{title}, {what}" if what else title


def _checked(content: dict[str, Any], origin: str) -> dict[str, Any]:
    """Return method, recipe and paper of a method's file with every key checked and defaults filled in."""
    recipe = check(MethodFile, content, origin)
    module_of("methods", recipe["method"], origin, "method")
    recipe["hyper"] = check(signature.method_schema(recipe["method"]), recipe["hyper"], origin, "hyper")
    recipe["encoder"] = encoder(recipe["encoder"], origin)
    if "table" in recipe:
        recipe["table"] = named("tables", "table", "make", recipe["table"], origin, "table")
    paper, title = recipe.pop("paper"), recipe.pop("title")
    return {"method": recipe["method"], "title": title, "recipe": recipe, "paper": paper}


def _changed(content: dict[str, Any], changes: dict[str, Any], origin: str) -> dict[str, Any]:
    copy = deepcopy(content)
    for dotted, value in changes.items():
        *parents, last = dotted.split(".")
        inner = copy
        for parent in parents:
            if not isinstance(inner.get(parent), dict):
                raise InputError(
                    f"{origin}: set names {dotted}, but {parent} is no group of keys; {nearest(parent, list(inner))}"
                )
            inner = inner[parent]
        inner[last] = value
    return copy


@cache
def evaluation(name: str) -> tuple[str, dict[str, Any]]:
    """Return the module and the arguments of ``params/evaluations/<name>.yaml``."""
    file = PARAMS / "evaluations" / f"{name}.yaml"
    content = read_yaml(file)
    content.pop("title", None)
    module = module_of("evaluations", content.pop("evaluation", None), file, "evaluation")
    function = "extract" if module == "evaluations.features" else "evaluate"
    return module.rpartition(".")[2], check(signature.schema(module, function, provided=PROVIDED), content, file)


def experiment(name: str, changes: dict[str, Any], suite: str) -> tuple[str, dict[str, Any]]:
    """Return the module and the arguments of ``params/experiments/<name>.yaml``, with a suite's changes to them."""
    file = PARAMS / "experiments" / f"{name}.yaml"
    content = read_yaml(file)
    module = module_of("experiments", content.pop("experiment", None), file, "experiment")
    origin = f"{PARAMS / 'suites' / suite}.yaml, experiment {name}" if changes else file
    return module.rpartition(".")[2], check(signature.schema(module, "measure"), content | changes, origin)
