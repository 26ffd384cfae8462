"""Strict YAML: a typed mapping, or one sentence that names the file, the key and the fix."""

import difflib
import json
import math
import re
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

from selfsup.errors import InputError

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")  # of a file of params/: no path, nothing that a shell reads
MERGE = "tag:yaml.org,2002:merge"
UNKNOWN_KEY = ("extra_forbidden", "unexpected_keyword_argument")


class Strict(BaseModel):
    """A file of params/, or a part of one."""

    model_config = ConfigDict(extra="forbid", strict=True)


class Keys(Strict):
    """Keys that determine a result: of a callable, or of a recipe.

    They are validated as JSON, in which a list may be a tuple and a mapping a dataclass.
    """


class Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]  # libyaml if it was compiled in
    """YAML in which a key stands once in a mapping."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: set[str] = set()
        for key, _ in node.value:
            if isinstance(key, yaml.ScalarNode) and key.value in seen:
                raise RepeatedKeyError(problem=key.value, problem_mark=key.start_mark)
            seen |= {key.value} if isinstance(key, yaml.ScalarNode) and key.tag != MERGE else set()
        mapping: dict[Any, Any] = super().construct_mapping(node, deep)
        return mapping


class RepeatedKeyError(yaml.MarkedYAMLError):
    """A key that stands twice in a mapping, whose first value would be lost."""


def param_file(folder: Path, name: Any, suffix: str = ".yaml") -> Path:
    """Return the file of a name in a folder of params/; InputError for what is no name, such as a path."""
    if not isinstance(name, str) or not NAME.fullmatch(name):
        raise InputError(f"{name!r} names no file of {folder}; {nearest(str(name), stems(folder))}")
    return folder / f"{name}{suffix}"


def read_yaml(file: Path) -> dict[str, Any]:
    """Return a YAML mapping; InputError if the file is missing, does not parse, or is not a mapping."""
    if file.exists() and not file.is_file():
        raise InputError(f"{file} is not a file; put the YAML file there")
    try:
        content = yaml.load(file.read_text(encoding="utf-8"), Loader=Loader)
    except FileNotFoundError:
        raise InputError(f"{file} is missing: {nearest(file.stem, stems(file.parent))}") from None
    except UnicodeDecodeError:
        raise InputError(f"{file} is not text in UTF-8; save it as that") from None
    except OSError as error:
        raise InputError(f"{file} cannot be read ({error.strerror}); correct the link, or its permissions") from None
    except RecursionError:
        raise InputError(f"{file} is nested too deep; no key of it needs more than ten levels") from None
    except RepeatedKeyError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else "?"
        raise InputError(f"{file}, line {line}: key {error.problem} stands twice; keep one of its values") from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = mark.line + 1 if mark else "?"
        raise InputError(f"{file}, line {line}: not valid YAML; correct the indentation or quotes") from None
    if not isinstance(content, dict):
        raise InputError(f"{file}: must contain `key: value` lines, not {type(content).__name__}")
    return content


def write_yaml(file: Path, content: dict[str, Any]) -> None:
    """Write a new YAML file in the order of its keys, short groups in one line."""
    partial = file.with_name(f".{file.name}.partial")
    partial.write_text(yaml.safe_dump(content, sort_keys=False, default_flow_style=None, width=120), encoding="utf-8")
    partial.replace(file)


def stems(folder: Path) -> list[str]:
    """Return the names of the YAML files of a folder, sorted, without their suffix."""
    return sorted(file.stem for file in folder.glob("*.yaml"))


def check(model: type[BaseModel], content: dict[str, Any], file: Path | str, prefix: str = "") -> dict[str, Any]:
    """Return the content with defaults filled in; InputError with file, key and fix for the first mistake.

    Of ``Keys``, an option left off is omitted, so that a new option that is off by default changes no recipe.
    """
    try:
        if issubclass(model, Keys):
            checked = _plain(model.model_validate_json(json.dumps(content, default=str)))
        else:
            checked = model.model_validate(content).model_dump()
    except ValidationError as error:
        raise InputError(f"{file}: {_message(error, model, prefix)}") from None
    for key, value in _not_finite(checked, [prefix] if prefix else []):
        raise InputError(f"{file}: key {key} is {value}; write a finite number")
    return checked


def _not_finite(value: Any, path: list[str]) -> Iterator[tuple[str, float]]:
    """Yield the dotted key of every infinity and NaN in plain values."""
    if isinstance(value, float) and not math.isfinite(value):
        yield ".".join(path), value
    elif isinstance(value, dict | list):
        for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
            yield from _not_finite(inner, [*path, str(key)])


def _plain(value: Any) -> Any:
    """Return models and dataclasses as plain values, without options that are off and off by default."""
    if (declared := getattr(type(value), "__pydantic_fields__", None)) is not None:
        content = {key: (getattr(value, key), field.default) for key, field in declared.items()}
        return {key: _plain(inner) for key, (inner, default) in content.items() if inner or inner != default}
    if isinstance(value, dict):
        return {key: _plain(inner) for key, inner in value.items()}
    return [_plain(inner) for inner in value] if isinstance(value, list | tuple) else value


def _message(error: ValidationError, model: type[BaseModel], prefix: str) -> str:
    first = min(error.errors(), key=lambda item: item["type"] not in UNKNOWN_KEY)
    kind, parts = _resolve(model, first["loc"][:-1] if first["type"] in UNKNOWN_KEY else first["loc"])
    key = ".".join([prefix, *parts] if prefix else parts)
    inside, value = f"{key}." if key else "", first["input"]
    if first["type"] in UNKNOWN_KEY:
        wrong = str(first["loc"][-1])
        return f"unknown key {inside}{wrong}: {nearest(wrong, fields(kind))}"
    if first["type"] == "missing":
        missing = [".".join([prefix, *at] if prefix else at) for at in _missing(error, model)]
        return (
            f"key {key} is missing; add it" if len(missing) == 1 else f"keys {', '.join(missing)} are missing; add them"
        )
    if first["type"].startswith("union_tag"):
        tag = first["ctx"]["discriminator"].strip("'")
        known = [name for member in _members(kind) for name in get_args(fields(member)[tag])]
        if "tag" not in first["ctx"]:
            return f"key {inside}{tag} is missing; it is one of {', '.join(known)}"
        return f"key {inside}{tag} is {first['ctx']['tag']!r}: {nearest(first['ctx']['tag'], known)}"
    if first["type"] == "value_error":
        what = "" if isinstance(value, dict | list) else f" is {value!r}"
        return f"key {key}{what}: {first['ctx']['error']}"
    reason = f"{first['msg'][0].lower()}{first['msg'][1:]}"
    if first["type"].startswith(("dataclass", "model")):
        reason = f"it must be a group of keys, {', '.join(fields(kind))}"
    return f"key {key} is {value!r}, but {reason}{_number_hint(value)}"


def _missing(error: ValidationError, model: type[BaseModel]) -> list[list[str]]:
    """Return the keys that lead to each key that is missing, once."""
    paths = [_resolve(model, item["loc"])[1] for item in error.errors() if item["type"] == "missing"]
    return [path for n, path in enumerate(paths) if path not in paths[:n]]


def _number_hint(value: Any) -> str:
    text = value.lower() if isinstance(value, str) else ""
    if "e" in text and text.replace("e", "").replace("-", "").replace("+", "").isdigit():
        return f"; YAML reads {value} as text, write {text.replace('e', '.0e')}"
    return ""


def _resolve(kind: Any, location: Iterable[Any]) -> tuple[Any, list[str]]:
    """Return the type at an error's location, and the keys that lead to it: tags of unions are not keys."""
    keys = []
    for part in location:
        members = _members(kind)
        tagged = [member for member in members if len(members) > 1 and part in _literals(member)]
        if tagged:
            kind = tagged[0]
            continue
        keys.append(str(part))
        holder = members[0] if members else kind
        if part in (known := fields(holder)):
            kind = known[part]
        else:
            kind = (get_args(holder) or (Any,))[-1 if get_origin(holder) is dict else 0]
    return kind, keys


def _members(kind: Any) -> list[Any]:
    """Return the types of a union except None; for any other type, the type itself."""
    kind = get_args(kind)[0] if get_origin(kind) is Annotated else kind
    members = get_args(kind) if get_origin(kind) in (Union, UnionType) else (kind,)
    return [get_args(m)[0] if get_origin(m) is Annotated else m for m in members if m is not type(None)]


def _literals(kind: Any) -> list[Any]:
    return [value for hint in fields(kind).values() if get_origin(hint) is Literal for value in get_args(hint)]


def fields(kind: Any) -> dict[str, Any]:
    """Return {key: type} of a model or dataclass, of all members of a union, or of any other type nothing."""
    declared = [getattr(member, "__pydantic_fields__", {}) for member in _members(kind)]
    return {key: field.annotation for members in declared for key, field in members.items()}


def nearest(wrong: str, known: Collection[str]) -> str:
    """Return a hint about a misspelt word: the nearest known one, or all."""
    close = difflib.get_close_matches(wrong, known, n=1, cutoff=0.5)
    return f"did you mean {close[0]}?" if close else f"known are {', '.join(sorted(known)) or 'none'}"


def require(name: str, known: Collection[str], sentence: str) -> None:
    """Raise InputError with this sentence and the nearest known name if ``name`` is not known."""
    if name not in known:
        raise InputError(f"{sentence}; {nearest(name, known)}")
