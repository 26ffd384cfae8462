"""Strict YAML: a typed mapping, or one sentence that names the file, the key and the mend."""

import difflib
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

from selfsup.errors import InputError

LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # libyaml, where it was built in: planning reads 60 files a job


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


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
            f"{file}, line {where.line + 1 if where else '?'}: not valid YAML; mend the indentation or quotes"
        ) from None
    if not isinstance(content, dict):
        raise InputError(f"{file}: must hold `key: value` lines, not {type(content).__name__}")
    return content


def check(model: type[BaseModel], content: dict[str, Any], file: Path | str, prefix: str = "") -> dict[str, Any]:
    """Return the content with defaults filled in; InputError with file, key and mend for the first mistake."""
    try:
        return model.model_validate(content).model_dump()
    except ValidationError as error:
        raise InputError(_sentence(error, model, file, prefix)) from None


def _sentence(error: ValidationError, model: type[BaseModel], file: Path | str, prefix: str) -> str:
    first = sorted(error.errors(), key=lambda found: found["type"] != "extra_forbidden")[0]
    key = ".".join(str(part) for part in (*([prefix] if prefix else []), *first["loc"]))
    if first["type"] == "extra_forbidden":
        return f"{file}: unknown key {key}: {nearest(str(first['loc'][-1]), _known(model, first['loc'][:-1]))}"
    if first["type"] == "missing":
        return f"{file}: key {key} is missing; add it"
    value = first["input"]
    hint = ""
    if (
        isinstance(value, str)
        and "e" in value.lower()
        and value.replace("e", "").replace("-", "").replace("+", "").isdigit()
    ):
        hint = f"; YAML reads {value} as text, write {value.lower().replace('e', '.0e')}"
    return f"{file}: key {key} is {value!r}, but {first['msg'][0].lower()}{first['msg'][1:]}{hint}"


def _known(model: type[BaseModel], location: tuple[Any, ...]) -> list[str]:
    for part in location:
        inner = model.model_fields[part].annotation if part in model.model_fields else None
        if isinstance(inner, type) and issubclass(inner, BaseModel):
            model = inner
    return list(model.model_fields)


def nearest(wrong: str, known: list[str]) -> str:
    """Return the likeliest meaning of a misspelt word, as half a sentence."""
    close = difflib.get_close_matches(wrong, known, n=1, cutoff=0.5)
    return f"did you mean {close[0]}?" if close else f"known are {', '.join(sorted(known)) or 'none'}"
