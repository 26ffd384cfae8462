"""What nested parts of a recipe are made of: frozen dataclasses that check their values, and that planning can import."""

import inspect
import json
from collections.abc import Mapping
from typing import Annotated, Any, TypeVar, dataclass_transform

from pydantic import ConfigDict, Field, TypeAdapter
from pydantic.dataclasses import dataclass

Spec = TypeVar("Spec")
Probability = Annotated[float, Field(ge=0, le=1)]
AreaFraction = Annotated[float, Field(gt=0, le=1)]


def described(docstring: str) -> dict[str, str]:
    """Return {key: description} of a docstring's ``Args:``, each ``name: text`` with further lines indented more."""
    found: dict[str, str] = {}
    _, _, section = inspect.cleandoc(docstring).partition("\nArgs:\n")
    for line in section.split("\n\n")[0].splitlines():
        name, colon, text = line.strip().partition(": ")
        if colon and name.isidentifier() and not line.startswith("     "):
            found[name] = text
        elif found:
            found[list(found)[-1]] += f" {line.strip()}"
    return found


def describe(schema: dict[str, Any], kind: type) -> None:
    """Give a JSON Schema's keys the descriptions of the docstrings of a class and its parents."""
    docstrings = [vars(parent).get("__doc__") or "" for parent in reversed(kind.__mro__)]
    words = {key: text for docstring in docstrings for key, text in described(docstring).items()}
    for key, of in schema.get("properties", {}).items():
        of.pop("title", None)
        of.setdefault("description", words.get(key, "which of the alternatives." if "const" in of else ""))
    schema["description"] = inspect.cleandoc(docstrings[-1]).split("\n\n")[0]


CONFIG = ConfigDict(extra="forbid", strict=True, json_schema_extra=describe)


@dataclass_transform(frozen_default=True, kw_only_default=True)
def spec(kind: type[Spec]) -> type[Spec]:
    """Make a class a frozen dataclass of keywords, whose values are checked strictly wherever one is made.

    Its module must import nothing heavy: planning imports it to read a recipe's schema. The keys' descriptions are the
    ``Args`` of its docstring.
    """
    made: Any = dataclass(frozen=True, kw_only=True, config=CONFIG)(kind)
    checked: type[Spec] = made
    return checked


def instances(hints: Mapping[str, Any], values: Mapping[str, Any]) -> dict[str, Any]:
    """Return a recipe's plain values as the types of ``hints`` {key: annotation}: dictionaries become specs.

    JSON is the way between them, in which a list may be a tuple and a dictionary a spec, and nothing else changes type.
    """
    return {key: TypeAdapter(hints[key]).validate_json(json.dumps(value)) for key, value in values.items()}
