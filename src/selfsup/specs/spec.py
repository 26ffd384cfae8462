"""Nested groups of keys in recipes: frozen dataclasses that check their values, and that planning can import."""

import json
from collections.abc import Mapping
from typing import Annotated, Any, TypeVar, dataclass_transform

from pydantic import ConfigDict, Field, TypeAdapter
from pydantic.dataclasses import dataclass

Spec = TypeVar("Spec")
Probability = Annotated[float, Field(ge=0, le=1)]
AreaFraction = Annotated[float, Field(gt=0, le=1)]


@dataclass_transform(frozen_default=True, kw_only_default=True)
def spec(kind: type[Spec]) -> type[Spec]:
    """Return a class as a frozen, keyword-only dataclass that checks its values strictly.

    Planning imports its module, which must import nothing heavy. The descriptions of its keys are the ``Args`` of its
    docstring.
    """
    made: Any = dataclass(frozen=True, kw_only=True, config=ConfigDict(extra="forbid", strict=True))(kind)
    checked: type[Spec] = made
    return checked


def instances(hints: Mapping[str, Any], values: Mapping[str, Any]) -> dict[str, Any]:
    """Return a recipe's plain values as the types of ``hints`` {key: annotation}: dictionaries become specs.

    They are validated as JSON, in which a list may be a tuple and a dictionary a spec.
    """
    return {key: TypeAdapter(hints[key]).validate_json(json.dumps(value)) for key, value in values.items()}
