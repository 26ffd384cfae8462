"""What a recipe chooses by name: a module, whose function has the other keys as its arguments."""

from pathlib import Path
from typing import Any

from selfsup import extensions
from selfsup.config import signature
from selfsup.config.signature import TABLE_READS
from selfsup.config.strict import Keys, check, require
from selfsup.errors import InputError

RESERVED = ("base", "inputs", "lock", "prepared")
CALLABLES = {
    "nn.backbones": ("backbone", "build"),
    "tables": ("table", "make"),
    "datasets": ("dataset", "prepare"),
    "evaluations": ("evaluation", "evaluate"),
    "experiments": ("experiment", "measure"),
}


def choices(package: str) -> list[str]:
    """Return the modules that a recipe can name of a package, sorted."""
    return [name for name in extensions.names(package) if name not in RESERVED]


def module_of(package: str, name: Any, file: Path | str, key: str) -> str:
    """Return the name; InputError, with the nearest one, if the package has no such module to choose."""
    folder = package.replace(".", "/")
    require(str(name), choices(package), f"{file}: key {key} names no module of src/selfsup/{folder}/")
    return str(name)


def schema_of(package: str, name: str) -> type[Keys]:
    """Return the strict model of the keys that come with the choice of a module."""
    function = "extract" if (package, name) == ("evaluations", "features") else CALLABLES[package][1]
    return signature.schema(f"{package}.{name}", function)


def reads_files(dataset: str) -> bool:
    """Return whether a data set is made from a user's files."""
    return "root" in signature.keywords(f"datasets.{dataset}", "prepare")


def choice(package: str, content: dict[str, Any], file: Path | str, prefix: str = "") -> tuple[str, dict[str, Any]]:
    """Return the module that a group of keys names, and its other keys, checked and with defaults filled in."""
    arguments, key = dict(content), CALLABLES[package][0]
    name = module_of(package, arguments.pop(key, None), file, f"{prefix}.{key}" if prefix else key)
    return name, check(schema_of(package, name), arguments, file, prefix)


def encoder(content: dict[str, Any], origin: str) -> dict[str, Any]:
    """Return an encoder's description with every key checked: ``{backbone, ...}``, or ``{parts: [...]}`` side by side."""
    if "parts" not in content:
        return _part(content, origin, "encoder")
    parts = content["parts"]
    if len(content) > 1 or not isinstance(parts, list) or not parts or not all(isinstance(p, dict) for p in parts):
        raise InputError(
            f"{origin}: key encoder.parts is {parts!r}; make it a list of encoders, {{backbone: ...}}, and no key beside it"
        )
    return {"parts": [_part(part, origin, f"encoder.parts.{number}") for number, part in enumerate(parts)]}


def _part(content: dict[str, Any], origin: str, prefix: str) -> dict[str, Any]:
    """Return the description of one encoder; ``input``, the channels that it uses, is omitted if it is rgb."""
    arguments = dict(content)
    channels, known = arguments.pop("input", "rgb"), list(signature.constant("nn.inputs", "CHANNELS"))
    require(str(channels), known, f"{origin}: key {prefix}.input is {channels!r}")
    name, keys = choice("nn.backbones", arguments, origin, prefix)
    return {"backbone": name, **keys} | ({} if channels == "rgb" else {"input": channels})


def table_reads(table: str) -> list[str]:
    """Return the arguments of a table's ``make`` that are arrays of the training set."""
    return [key for key in signature.keywords(f"tables.{table}", "make") if key in TABLE_READS]
