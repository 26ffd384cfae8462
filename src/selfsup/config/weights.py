"""Reads `params/weights/`: where published weights come from, what they belong to, and the lock of their file."""

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path, PurePosixPath
from typing import Annotated, Any, Literal

import yaml
from pydantic import Field, PositiveInt, field_validator

from selfsup.config import signature
from selfsup.config.files import Paper
from selfsup.config.lookup import encoder
from selfsup.config.recipe import PARAMS
from selfsup.config.strict import Strict, check, read_yaml
from selfsup.errors import InputError


class Download(Strict):
    """Where ``selfsup import --download`` fetches the file: weights by their name in a library."""

    library: Literal["torchvision", "timm"]
    weights: str


class Rename(Strict):
    """A regular expression, and what replaces its matches in the names of parameters."""

    pattern: str
    replacement: str

    @field_validator("pattern")
    @classmethod
    def _compiles(cls, pattern: str) -> str:
        try:
            re.compile(pattern)
        except re.error as error:
            raise ValueError(f"it is no regular expression: {error}") from None
        return pattern


class WeightsFile(Strict):
    """``params/weights/<name>.yaml``; encoder and preprocessing are checked against the functions that they configure."""

    title: str
    paper: Paper
    licence: str
    url: str
    file: str
    download: Download | None = None
    entry: str | None = None
    rename: list[Rename] = Field(default_factory=list)
    encoder: dict[str, Any]
    preprocessing: dict[str, Any]

    @field_validator("file")
    @classmethod
    def _below_the_root(cls, file: str) -> str:
        if PurePosixPath(file).is_absolute() or ".." in PurePosixPath(file).parts:
            raise ValueError("it must be a path below SELFSUP_DATA_ROOT")
        return file


class WeightsLock(Strict):
    """``params/weights/<name>.lock``: which file it is."""

    sha256: Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
    bytes: PositiveInt


@dataclass(frozen=True)
class Weights:
    """Weights to import. ``recipe`` holds all that determines the encoder, by the keys of nn/imported.py; ``file`` lies
    below SELFSUP_DATA_ROOT, and ``download`` says where it can be had; the others are for people."""

    name: str
    title: str
    paper: dict[str, Any]
    licence: str
    url: str
    file: str
    download: dict[str, str] | None
    recipe: dict[str, Any]
    origin: str


def names() -> list[str]:
    """Return every name of imported weights."""
    return sorted(file.stem for file in (PARAMS / "weights").glob("*.yaml"))


@cache
def weights(name: str) -> Weights:
    """Return what ``params/weights/<name>.yaml`` describes, with the sha256 of its lock; InputError for any mistake."""
    found = described(name)
    place = lock_of(name)
    if not place.exists():
        raise InputError(
            f"{place} does not exist: put {found.file} into SELFSUP_DATA_ROOT and run `selfsup import {name}`"
        )
    lock = check(WeightsLock, read_yaml(place), place)
    found.recipe["sha256"] = lock["sha256"]
    return found


def described(name: str) -> Weights:
    """Return what ``params/weights/<name>.yaml`` describes, without the lock."""
    file = PARAMS / "weights" / f"{name}.yaml"
    content = check(WeightsFile, read_yaml(file), file)
    recipe = {
        "encoder": encoder(content.pop("encoder"), str(file)),
        "preprocessing": check(
            signature.schema("nn.preprocessing", "preprocess_as"), content.pop("preprocessing"), file, "preprocessing"
        ),
        "entry": content.pop("entry"),
        "rename": content.pop("rename"),
    }
    if "backbone" not in recipe["encoder"] or "input" in recipe["encoder"]:
        raise InputError(f"{file}: key encoder must be one backbone that sees rgb; remove parts and input")
    return Weights(name, **content, recipe=recipe, origin=str(file))


def lock_of(name: str) -> Path:
    """Return the place of a lock."""
    return PARAMS / "weights" / f"{name}.lock"


def write_lock(name: str, sha256: str, size_bytes: int) -> Path:
    """Write a lock and return its place; InputError where another one is there."""
    place, lock = lock_of(name), {"bytes": size_bytes, "sha256": sha256}
    if place.exists() and read_yaml(place) != lock:
        raise InputError(f"{place} is of another file; delete it first if this is the one you mean")
    place.write_text(yaml.safe_dump(lock), encoding="utf-8")
    return place
