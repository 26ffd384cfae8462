"""Reads params/weights: where published weights come from, the encoder that they fit, and the lock of their file."""

import re
from functools import cache
from pathlib import Path, PurePosixPath
from typing import Annotated, Any, Literal

import yaml
from pydantic import AfterValidator, Field, PositiveInt

from selfsup.config import signature
from selfsup.config.files import Paper
from selfsup.config.lookup import encoder
from selfsup.config.recipe import PARAMS, Run
from selfsup.config.strict import Strict, check, param_file, read_yaml
from selfsup.errors import InputError


def _pattern(text: str) -> str:
    try:
        re.compile(text)
    except re.error as error:
        raise ValueError(f"it is not a regular expression: {error}") from None
    return text


def _relative(file: str) -> str:
    if PurePosixPath(file).is_absolute() or ".." in PurePosixPath(file).parts:
        raise ValueError("it must be a path below SELFSUP_DATA_ROOT")
    return file


class Download(Strict):
    """What ``selfsup import --download`` fetches.

    Args:
        library: that offers the weights.
        weights: their name there.
    """

    library: Literal["torchvision", "timm"]
    weights: str


class Rename(Strict):
    """A replacement in the names of parameters.

    Args:
        pattern: regular expression.
        replacement: of its matches.
    """

    pattern: Annotated[str, AfterValidator(_pattern)]
    replacement: str


class WeightsFile(Strict):
    """Imported weights: params/weights/<name>.yaml.

    Args:
        title: what people read.
        paper: of the weights.
        licence: of the weights.
        url: page of the publisher.
        file: path below SELFSUP_DATA_ROOT.
        download: where the file can be fetched.
        entry: dotted keys of the parameters in the file, if they are nested.
        rename: replacements in the names of parameters, in order.
        encoder: backbone that the parameters belong to, and its keys.
        preprocessing: of images, as the weights expect it.
    """

    title: str
    paper: Paper
    licence: str
    url: str
    file: Annotated[str, AfterValidator(_relative)]
    download: Download | None = None
    entry: str | None = None
    rename: list[Rename] = Field([])
    encoder: dict[str, Any]
    preprocessing: dict[str, Any]


class WeightsLock(Strict):
    """``params/weights/<name>.lock``: the content of the file."""

    sha256: Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
    bytes: PositiveInt


@cache
def weights(name: str) -> Run:
    """Return imported weights as a run, with the sha256 of their lock; InputError for any mistake."""
    run, _ = described(name)
    file = lock_of(name)
    if not file.exists():
        raise InputError(
            f"{file} does not exist: put {run.recipe['file']} into SELFSUP_DATA_ROOT and run `selfsup import {name}`"
        )
    run.recipe["sha256"] = check(WeightsLock, read_yaml(file), file)["sha256"]
    return run


def described(name: str) -> tuple[Run, dict[str, str] | None]:
    """Return ``params/weights/<name>.yaml`` as a run, without the lock, and its key ``download``.

    The recipe has the keys of nn/imported.py and ``file``; licence and url are with the paper.
    """
    file = param_file(PARAMS / "weights", name)
    content = check(WeightsFile, read_yaml(file), file)
    recipe = {key: content[key] for key in ("entry", "rename", "file")}
    recipe["encoder"] = encoder(content["encoder"], str(file))
    schema = signature.schema("nn.inputs", "preprocess_as")
    recipe["preprocessing"] = check(schema, content["preprocessing"], file, "preprocessing")
    if "backbone" not in recipe["encoder"] or "input" in recipe["encoder"]:
        raise InputError(f"{file}: key encoder must be one backbone with rgb input; remove parts and input")
    paper = {**content["paper"], "licence": content["licence"], "url": content["url"]}
    run = Run(name, content["title"], "imported", recipe, paper, str(file), imported=True)
    return run, content["download"]


def lock_of(name: str) -> Path:
    """Return the path of a lock."""
    return param_file(PARAMS / "weights", name, ".lock")


def write_lock(name: str, sha256: str, size_bytes: int) -> Path:
    """Write a lock and return its path; InputError if there is another one."""
    file, lock = lock_of(name), {"bytes": size_bytes, "sha256": sha256}
    if file.exists() and read_yaml(file) != lock:
        raise InputError(f"{file} is of another file; delete it first if this is the one you mean")
    file.write_text(yaml.safe_dump(lock), encoding="utf-8")
    return file
