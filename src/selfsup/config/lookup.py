"""What a recipe chooses by name: a module of a package, and keys that are arguments of a function in it."""

from pathlib import Path
from typing import Any

from selfsup import extensions
from selfsup.config import signature
from selfsup.config.strict import check, nearest
from selfsup.errors import InputError

NO_CHOICE = ("base", "inputs", "lock", "prepared")
TABLE_READS = {"images": "image", "clips": "clip", "captions": "caption"}
PROVIDED = ("root", "lock", "device", "precision", "in_channels", *TABLE_READS)


def module_of(package: str, name: Any, file: Path | str, key: str) -> str:
    """Return ``<package>.<name>``; InputError, with the nearest name, where the package has no such module to choose."""
    known = [found for found in extensions.names(package) if found not in NO_CHOICE]
    if name not in known:
        raise InputError(
            f"{file}: key {key} names no module of src/selfsup/{package.replace('.', '/')}/: {nearest(str(name), known)}"
        )
    return f"{package}.{name}"


def encoder(content: dict[str, Any], origin: str) -> dict[str, Any]:
    """Return an encoder's description with every key checked: ``{backbone, ...}``, or ``{parts: [...]}`` side by side.

    Raises InputError for the first mistake.
    """
    if "parts" not in content:
        return _part(content, origin, "encoder")
    parts = content["parts"]
    if len(content) > 1 or not isinstance(parts, list) or not parts or not all(isinstance(p, dict) for p in parts):
        raise InputError(
            f"{origin}: key encoder.parts is {parts!r}; make it a list of encoders, {{backbone: ...}}, and no key beside it"
        )
    return {"parts": [_part(part, origin, f"encoder.parts.{number}") for number, part in enumerate(parts)]}


def _part(content: dict[str, Any], origin: str, prefix: str) -> dict[str, Any]:
    """Return the description of one encoder; ``input`` says what it sees of an image, and is left out where it is rgb."""
    arguments = dict(content)
    seen, known = arguments.pop("input", "rgb"), list(signature.constant("nn.inputs", "CHANNELS"))
    if seen not in known:
        raise InputError(f"{origin}: key {prefix}.input is {seen!r}: {nearest(str(seen), known)}")
    description = named("nn.backbones", "backbone", "build", arguments, origin, prefix)
    return description if seen == "rgb" else {**description, "input": seen}


def named(package: str, key: str, function: str, content: dict[str, Any], origin: str, prefix: str) -> dict[str, Any]:
    """Return ``{key: module, ...}`` with the other keys checked against the signature of that module's function."""
    arguments = dict(content)
    module = module_of(package, arguments.pop(key, None), origin, f"{prefix}.{key}")
    schema = signature.schema(module, function, provided=PROVIDED)
    return {key: module.rpartition(".")[2], **check(schema, arguments, origin, prefix)}


def table_reads(table: str) -> list[str]:
    """Return what a table is made from: those arguments of its ``make`` that name an array of the training set."""
    return [key for key in signature.keywords(f"tables.{table}", "make") if key in TABLE_READS]
