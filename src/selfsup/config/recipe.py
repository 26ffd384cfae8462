"""Reads params/: each file is strictly typed, each mistake is one sentence, and everything is passed on as plain values."""

import re
from copy import deepcopy
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from selfsup.config import signature
from selfsup.config.files import MethodFile
from selfsup.config.lookup import choice, encoder, module_of, reads_files
from selfsup.config.strict import check, nearest, param_file, read_yaml
from selfsup.datasets.lock import held_out, read_lock
from selfsup.errors import InputError

PARAMS = Path("params")


@dataclass(frozen=True)
class Data:
    """A data set to prepare: its module and arguments, the lock of the user's files, and what planning needs of it."""

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
    """One variant to pretrain: ``recipe`` is all of it that determines the result, ``title`` is for people.

    ``evaluations`` are the protocols that score it, by the name of the target's data set; ``more_seeds`` are beside those of
    its group.
    """

    name: str
    title: str
    method: str
    recipe: dict[str, Any]
    paper: dict[str, Any]
    origin: str
    evaluations: dict[str, list[str]] = field(default_factory=dict)
    imported: bool = False
    more_seeds: list[int] = field(default_factory=list)


@cache
def data(name: str) -> Data:
    """Return the data set that ``params/data/<name>.yaml`` describes, with its lock if it is made from a user's files."""
    file = param_file(PARAMS / "data", name)
    content = read_yaml(file)
    source, lock = content.pop("source", None), None
    dataset, arguments = choice("datasets", content, file)
    if reads_files(dataset):
        if not isinstance(source, str):
            raise InputError(f"{file}: key source is missing; name the folder of the files below SELFSUP_DATA_ROOT")
        lock = read_lock(param_file(PARAMS / "data", source, ".lock"))
    elif source is not None:
        raise InputError(f"{file}: key source is for data sets made from files; remove it")
    train_examples = _train_examples(arguments, lock, file)
    labelled, grey = lock is None or bool(lock["labelled"]), lock is not None and bool(lock["grey"])
    return Data(name, dataset, arguments, source, lock, train_examples, labelled, grey)


def has_lock(name: str) -> bool:
    """Return False for a data set of a user's files that is not registered; it can be named, but not planned."""
    source = read_yaml(param_file(PARAMS / "data", name)).get("source")
    return source is None or param_file(PARAMS / "data", source, ".lock").exists()


def _train_examples(arguments: dict[str, Any], lock: dict[str, Any] | None, file: Path) -> int:
    if lock is None or set(lock["splits"]) == {"test"}:  # such files are for testing: training data are generated
        return int(arguments["train_examples"])
    available, wanted = _available(lock["splits"], arguments, file), arguments.get("train_examples")
    if wanted is None:
        return available
    if wanted > available:
        raise InputError(f"{file}: key train_examples is {wanted}, but there are {available}; lower it")
    return int(wanted)


def _available(splits: dict[str, dict[str, Any]], arguments: dict[str, Any], file: Path) -> int:
    """Return the training examples that preparing will find."""
    if "train" in splits:
        return int(splits["train"]["examples"])
    examples, copies = splits["all"]["examples"], splits["all"].get("copies", [])
    count = held_out(examples, copies, arguments["test_fraction"])
    if count is None:
        raise InputError(f"{file}: the {examples} examples of its lock are all equal; add images")
    return int(examples) - count


@cache
def _method_file(name: str) -> dict[str, Any]:
    return read_yaml(param_file(PARAMS / "methods", name))


def run(name: str, recipe: str, changes: dict[str, Any], suite: Path, title: str | None = None) -> Run:
    """Return one variant of ``params/methods/<recipe>.yaml``; ``changes`` maps dotted keys to values.

    Errors name the recipe's file, or the suite's file if a change caused them.
    """
    origin = f"{PARAMS / 'methods' / recipe}.yaml"
    checked = _checked(_method_file(recipe), origin)
    if changes:
        origin = f"{suite}, run {name}"
        checked = _checked(_changed(_method_file(recipe), changes, origin), origin)
    if title or name != recipe:
        checked["title"] = title or _variant_title(name, recipe, checked["title"])
    return Run(name, **checked, origin=origin)


def _variant_title(name: str, recipe: str, title: str) -> str:
    """Return the title of a variant without one: ``simclr-no-colour`` is SimCLR, no colour; ``-0-5`` is 0.5."""
    change = name.removeprefix(recipe).strip("-_").replace("_", " ")
    change = re.sub(r"(?<![0-9])0-(?=[0-9])", "0.", change).replace("-", " ")
    return f"{title}, {change}" if change else title


def _checked(content: dict[str, Any], origin: str) -> dict[str, Any]:
    """Return method, title, recipe and paper of a method's file with every key checked and defaults filled in."""
    recipe = check(MethodFile, content, origin)
    method = module_of("methods", recipe["method"], origin, "method")
    recipe["hyper"] = check(signature.method_schema(method), recipe["hyper"], origin, "hyper")
    recipe["encoder"] = encoder(recipe["encoder"], origin)
    if "table" in recipe:
        table, arguments = choice("tables", recipe["table"], origin, "table")
        recipe["table"] = {"table": table, **arguments}
    return {"method": method, "title": recipe.pop("title"), "paper": recipe.pop("paper"), "recipe": recipe}


def _changed(content: dict[str, Any], changes: dict[str, Any], origin: str) -> dict[str, Any]:
    copy = deepcopy(content)
    for dotted, value in changes.items():
        *parents, last = dotted.split(".")
        inner = copy
        for parent in parents:
            if not isinstance(inner.get(parent), dict):
                hint = nearest(parent, inner)
                raise InputError(f"{origin}: set names {dotted}, but {parent} is not a group of keys; {hint}")
            inner = inner[parent]
        inner[last] = value
    return copy


def features(changes: dict[str, Any], suite: Path) -> dict[str, Any]:
    """Return the arguments of ``params/evaluations/features.yaml``, with a suite's changes to them."""
    content, file = _protocol("features")
    return choice("evaluations", content | changes, f"{suite}, features" if changes else file)[1]


@cache
def evaluation(name: str) -> tuple[str, dict[str, Any]]:
    """Return the module and the arguments of ``params/evaluations/<name>.yaml``."""
    return choice("evaluations", *_protocol(name))


def _protocol(name: str) -> tuple[dict[str, Any], Path]:
    """Return the keys of ``params/evaluations/<name>.yaml`` that determine a result, and the file."""
    file = param_file(PARAMS / "evaluations", name)
    return {key: value for key, value in read_yaml(file).items() if key != "title"}, file


def experiment(name: str, changes: dict[str, Any], suite: str) -> tuple[str, dict[str, Any]]:
    """Return the module and the arguments of ``params/experiments/<name>.yaml``, with a suite's changes to them."""
    file = param_file(PARAMS / "experiments", name)
    origin = f"{PARAMS / 'suites' / suite}.yaml, experiment {name}" if changes else file
    return choice("experiments", read_yaml(file) | changes, origin)
