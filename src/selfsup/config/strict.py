"""Strict YAML: a typed mapping, or one sentence that names the file, the key and the fix."""

import difflib
import json
from dataclasses import is_dataclass
from pathlib import Path
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

from selfsup.errors import InputError

LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # libyaml, where it was built in: planning reads 60 files a job


UNKNOWN = ("extra_forbidden", "unexpected_keyword_argument")


class Strict(BaseModel):
    """A file of params/, or a part of one."""

    model_config = ConfigDict(extra="forbid", strict=True)


class Keys(Strict):
    """What decides a result: the keys of a callable, or a recipe.

    They are read as JSON, in which a list may be a tuple and a mapping a dataclass.
    """


def read_yaml(file: Path) -> dict[str, Any]:
    """Return a YAML mapping; InputError where the file is missing, is no mapping, or does not parse."""
    try:
        content = yaml.load(file.read_text(encoding="utf-8"), Loader=LOADER)
    except FileNotFoundError:
        raise InputError(
            f"{file} is missing: {nearest(file.stem, [f.stem for f in file.parent.glob('*.yaml')])}"
        ) from None
    except yaml.YAMLError as error:
        where = getattr(error, "problem_mark", None)
        raise InputError(
            f"{file}, line {where.line + 1 if where else '?'}: not valid YAML; correct the indentation or quotes"
        ) from None
    if not isinstance(content, dict):
        raise InputError(f"{file}: must hold `key: value` lines, not {type(content).__name__}")
    return content


def check(model: type[BaseModel], content: dict[str, Any], file: Path | str, prefix: str = "") -> dict[str, Any]:
    """Return the content with defaults filled in; InputError with file, key and fix for the first mistake.

    Of ``Keys`` an option that nobody set is left out: adding one that is off by default changes no recipe.
    """
    try:
        if issubclass(model, Keys):
            return _plain(model.model_validate_json(json.dumps(content, default=str)))
        return model.model_validate(content).model_dump()
    except ValidationError as error:
        raise InputError(_sentence(error, model, file, prefix)) from None


def _plain(value: Any) -> Any:
    """Return models, dataclasses and what they hold as plain values, without what is off by default and left so."""
    if isinstance(value, BaseModel) or is_dataclass(value):
        kind: Any = type(value)
        declared = kind.model_fields if isinstance(value, BaseModel) else kind.__dataclass_fields__
        found = {key: (getattr(value, key), field.default) for key, field in declared.items()}
        return {key: _plain(inner) for key, (inner, default) in found.items() if inner or inner != default}
    if isinstance(value, dict):
        return {key: _plain(inner) for key, inner in value.items()}
    return [_plain(inner) for inner in value] if isinstance(value, list | tuple) else value


def _sentence(error: ValidationError, model: type[BaseModel], file: Path | str, prefix: str) -> str:
    first = sorted(error.errors(), key=lambda found: found["type"] not in UNKNOWN)[0]
    kind, parts = _place(model, first["loc"][:-1] if first["type"] in UNKNOWN else first["loc"])
    key = ".".join([*([prefix] if prefix else []), *parts])
    inside = f"{key}." if key else ""
    if first["type"] in UNKNOWN:
        wrong = str(first["loc"][-1])
        return f"{file}: unknown key {inside}{wrong}: {nearest(wrong, list(fields(kind)))}"
    if first["type"] == "missing":
        return f"{file}: key {key} is missing; add it"
    if first["type"].startswith("union_tag"):
        context = first["ctx"]
        tag, known = (
            context["discriminator"].strip("'"),
            [_tag(member, context["discriminator"]) for member in _members(kind)],
        )
        if "tag" in context:
            return f"{file}: key {inside}{tag} is {context['tag']!r}: {nearest(context['tag'], known)}"
        return f"{file}: key {inside}{tag} is missing; it is one of {', '.join(known)}"
    value, reason = first["input"], f"{first['msg'][0].lower()}{first['msg'][1:]}"
    if first["type"] == "value_error":
        what = "" if isinstance(value, dict | list) else f" is {value!r}"
        return f"{file}: key {key}{what}: {first['ctx']['error']}"
    if first["type"].startswith(("dataclass", "model")):
        reason = f"it must be a group of keys, {', '.join(fields(kind))}"
    return f"{file}: key {key} is {value!r}, but {reason}{_number_hint(value)}"


def _number_hint(value: Any) -> str:
    text = value.lower() if isinstance(value, str) else ""
    if "e" in text and text.replace("e", "").replace("-", "").replace("+", "").isdigit():
        return f"; YAML reads {value} as text, write {text.replace('e', '.0e')}"
    return ""


def _place(kind: Any, location: tuple[Any, ...]) -> tuple[Any, list[str]]:
    """Return the type at an error's location, and the keys that lead to it: tags of unions are no keys."""
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
    """Return the types of a union but for None; of any other type, itself."""
    kind = get_args(kind)[0] if get_origin(kind) is Annotated else kind
    members = get_args(kind) if get_origin(kind) in (Union, UnionType) else (kind,)
    return [get_args(m)[0] if get_origin(m) is Annotated else m for m in members if m is not type(None)]


def _literals(kind: Any) -> list[Any]:
    return [value for hint in fields(kind).values() if get_origin(hint) is Literal for value in get_args(hint)]


def _tag(member: Any, discriminator: str) -> str:
    return str(get_args(fields(member)[discriminator.strip("'")])[0])


def fields(kind: Any) -> dict[str, Any]:
    """Return {key: type} of a model or a dataclass; of a union those of all its members, and of anything else none."""
    found: dict[str, Any] = {}
    for member in _members(kind):
        if is_dataclass(member):
            found |= get_type_hints(member, include_extras=True)
        elif isinstance(member, type) and issubclass(member, BaseModel):
            found |= {key: field.annotation for key, field in member.model_fields.items()}
    return found


def nearest(wrong: str, known: list[str]) -> str:
    """Return the likeliest meaning of a misspelt word, as half a sentence."""
    close = difflib.get_close_matches(wrong, known, n=1, cutoff=0.5)
    return f"did you mean {close[0]}?" if close else f"known are {', '.join(sorted(known)) or 'none'}"
