"""A recipe's schema, read from the syntax of the callable that it configures: nothing is imported, so planning stays fast."""

import ast
from functools import cache
from pathlib import Path
from typing import Any, Literal

from pydantic import ConfigDict, NonNegativeFloat, NonNegativeInt, PositiveFloat, PositiveInt, create_model
from pydantic.main import BaseModel

from selfsup import extensions
from selfsup.errors import InputError

VOCABULARY: dict[str, Any] = {
    **{kind.__name__: kind for kind in (int, float, str, bool, list, dict, Path)},
    "Any": Any,
    "Literal": Literal,
    "NonNegativeFloat": NonNegativeFloat,
    "NonNegativeInt": NonNegativeInt,
    "PositiveFloat": PositiveFloat,
    "PositiveInt": PositiveInt,
    "Tensor": Any,  # what the pipeline provides is no key of a recipe, and planning never loads torch
}


@cache
def tree(module: str) -> ast.Module:
    """Return the syntax tree of ``module``, a dotted name below the package, e.g. ``methods.simclr``."""
    return ast.parse(path(module).read_text(encoding="utf-8"))


def path(module: str) -> Path:
    """Return the file of a module that is chosen as e.g. ``methods.simclr``."""
    file = extensions.source(extensions.full_name(module))
    assert file is not None
    return file


def constant(module: str, name: str, within: str | None = None) -> Any:
    """Return the literal that ``name`` is assigned at the top of a module, or in the class called ``within``."""
    for node in class_of(module, within).body if within else tree(module).body:
        if isinstance(node, ast.AnnAssign):
            assigned: ast.expr = node.target
        elif isinstance(node, ast.Assign):
            assigned = node.targets[0]
        else:
            continue
        if isinstance(assigned, ast.Name) and assigned.id == name and node.value is not None:
            return ast.literal_eval(node.value)
    return None


def class_of(module: str, base: str) -> ast.ClassDef:
    """Return the one class of a module that subclasses ``base``."""
    for node in tree(module).body:
        if isinstance(node, ast.ClassDef) and base in [ast.unparse(parent) for parent in node.bases]:
            return node
    raise InputError(f"{path(module)}: no class that subclasses {base}; a method's file holds exactly one")


def keywords(module: str, function: str, *, base: str | None = None) -> dict[str, tuple[Any, Any]]:
    """Return {key: (annotation, default or ...)} of a callable's keyword-only parameters; ``base`` names its class's parent."""
    body = class_of(module, base).body if base else tree(module).body
    for node in body:
        if isinstance(node, ast.FunctionDef) and node.name == function:
            return {
                key.arg: (_annotation(module, key), ... if default is None else ast.literal_eval(default))
                for key, default in zip(node.args.kwonlyargs, node.args.kw_defaults, strict=True)
            }
    if base:
        return {}
    raise InputError(f"{path(module)}: no function {function}(); a file of this folder must define it")


@cache
def schema(module: str, function: str, *, base: str | None = None, provided: tuple[str, ...] = ()) -> type[BaseModel]:
    """Return the strict model of a callable's recipe keys, without those that the pipeline itself provides."""
    fields = {key: kind for key, kind in keywords(module, function, base=base).items() if key not in provided}
    return create_model(f"{module}.{function}", __config__=ConfigDict(extra="forbid", strict=True), **fields)  # type: ignore[call-overload]


def _annotation(module: str, key: ast.arg) -> Any:
    if key.annotation is None:
        raise InputError(f"{path(module)}: key {key.arg} has no annotation; write its type")
    return eval(ast.unparse(key.annotation), {"__builtins__": {}}, VOCABULARY)
