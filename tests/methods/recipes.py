"""Every recipe of params/methods, by name, as the small method of selfsup.testing."""

from pathlib import Path
from typing import Any

import yaml
from torch import Tensor

from selfsup.methods.base import DataInfo, Method
from selfsup.testing import trials
from selfsup.training import pretrain

FILES = {file.stem: file for file in sorted(Path(__file__).parents[2].glob("params/methods/*.yaml"))}


def recipe(name: str) -> dict[str, Any]:
    content: dict[str, Any] = yaml.safe_load(FILES[name].read_text(encoding="utf-8"))
    return content


def method_class(name: str) -> type[Method]:
    return pretrain.method_class(recipe(name)["method"])


def info_of(name: str) -> DataInfo:
    return trials.info_of(recipe(name))


def table_of(name: str, info: DataInfo) -> dict[str, Tensor]:
    return trials.table_of(recipe(name), info)


def build(name: str, seed: int = 0, info: DataInfo | None = None, **changes: Any) -> Method:
    return trials.build(recipe(name), seed, info, **changes)
