"""Modules read by their syntax, without importing them: which class is a method, which keys a callable has."""

import ast
import inspect
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

from selfsup import extensions
from selfsup.errors import InputError

METHOD = ("selfsup.methods.base", "Method")


@dataclass(frozen=True)
class Key:
    """A keyword-only parameter: its annotation and default as syntax, and the module that defines their names."""

    module: str
    name: str
    annotation: ast.expr | None
    default: ast.expr | None
    description: str


@cache
def tree(module: str) -> ast.Module:
    """Return the syntax tree of a module by its full name, e.g. ``selfsup.methods.simclr``."""
    return ast.parse(path(module).read_text(encoding="utf-8"))


def path(module: str) -> Path:
    """Return the file of a module of selfsup or of an extension by its full name."""
    if (file := extensions.source(module)) is None:
        raise InputError(f"module {module} is missing; reinstall the package that has it")
    return file


@cache
def imports(module: str) -> dict[str, tuple[str, str]]:
    """Return {local name: (module, name in it)} of all imports of a module; the second name is empty for modules."""
    nodes = [node for node in ast.walk(tree(module)) if isinstance(node, ast.Import | ast.ImportFrom)]
    is_package = path(module).stem == "__init__"
    return {name: target for node in nodes for name, target in imported(node, module, is_package).items()}


def imported(node: ast.Import | ast.ImportFrom, module: str, is_package: bool = False) -> dict[str, tuple[str, str]]:
    """Return the names of one import statement of a module, as ``imports`` does."""
    if isinstance(node, ast.Import):
        tops = {alias: alias.name if alias.asname else alias.name.split(".")[0] for alias in node.names}
        return {alias.asname or top: (top, "") for alias, top in tops.items()}
    parts = module.split(".")
    parents = parts[: len(parts) - node.level + is_package] if node.level else []
    source = ".".join([*parents, *([node.module] if node.module else [])])
    return {alias.asname or alias.name: (source, alias.name) for alias in node.names}


def method_class(module: str) -> str:
    """Return the name of the one class of a method's module that is a subclass of Method, directly or not."""
    classes = [node.name for node in tree(module).body if isinstance(node, ast.ClassDef)]
    methods = [name for name in classes if METHOD in _lineage(module, name)]
    if len(methods) != 1:
        names = f" ({', '.join(methods)})" * bool(methods)
        raise InputError(f"{path(module)}: {len(methods)} classes that subclass Method{names}; a file must have one")
    return methods[0]


def constant(module: str, name: str, within: str | None = None) -> Any:
    """Return the literal that a name is assigned at the top of a module, or in a class or its nearest parent."""
    for source, kind in [(module, None)] if within is None else _lineage(module, within):
        if (source, kind) != METHOD and (value := assigned(source, name, kind)) is not None:
            return ast.literal_eval(value)
    return None


def assigned(module: str, name: str, within: str | None = None) -> ast.expr | None:
    """Return the expression that a name is assigned at the top of a module, or of its class ``within``, or None."""
    body = tree(module).body if within is None else getattr(_class(module, within), "body", [])
    for node in body:
        if isinstance(node, ast.Assign | ast.AnnAssign):
            target = node.target if isinstance(node, ast.AnnAssign) else node.targets[0]
            if isinstance(target, ast.Name) and target.id == name:
                return node.value
    return None


def function_keys(module: str, function: str) -> list[Key]:
    """Return the keyword-only parameters of a module's function."""
    for node in tree(module).body:
        if isinstance(node, ast.FunctionDef) and node.name == function:
            return _keys(module, node, ast.get_docstring(node) or "")
    raise InputError(f"{path(module)}: no function {function}(); a file of this folder must define it")


def method_keys(module: str) -> list[Key]:
    """Return the keyword-only parameters of a method: of its ``__init__``, and of its parents' if that has ``**others``.

    A key's description is that of the nearest class that has one.
    """
    keys: dict[str, Key] = {}
    descriptions: dict[str, str] = {}
    inherits = True
    for source, name in _lineage(module, method_class(module)):
        node = _class(source, name)
        if (source, name) == METHOD or node is None:
            break
        descriptions = described(ast.get_docstring(node) or "") | descriptions
        for inner in node.body:
            if inherits and isinstance(inner, ast.FunctionDef) and inner.name == "__init__":
                keys = {key.name: key for key in _keys(source, inner, "")} | keys
                inherits = inner.args.kwarg is not None
    return [replace(key, description=descriptions.get(name, "")) for name, key in keys.items()]


def described(docstring: str) -> dict[str, str]:
    """Return {key: description} of a docstring's ``Args:``, each ``name: text`` with further lines indented more."""
    keys: dict[str, str] = {}
    _, _, section = inspect.cleandoc(docstring).partition("\nArgs:\n")
    for line in section.split("\n\n")[0].splitlines():
        name, colon, text = line.strip().partition(": ")
        if colon and name.isidentifier() and not line.startswith("     "):
            keys[name] = text
        elif keys:
            keys[list(keys)[-1]] += f" {line.strip()}"
    return keys


def _keys(module: str, node: ast.FunctionDef, docstring: str) -> list[Key]:
    words = described(docstring)
    pairs = zip(node.args.kwonlyargs, node.args.kw_defaults, strict=True)
    return [Key(module, arg.arg, arg.annotation, default, words.get(arg.arg, "")) for arg, default in pairs]


def _class(module: str, name: str) -> ast.ClassDef | None:
    return next((node for node in tree(module).body if isinstance(node, ast.ClassDef) and node.name == name), None)


@cache
def _lineage(module: str, name: str) -> list[tuple[str, str]]:
    """Return a class and its parents, nearest first, as (module, name), without those of other libraries."""
    if (module, name) == METHOD:
        return [METHOD]
    if (node := _class(module, name)) is None:
        return []
    lineage = [(module, name)]
    for base in node.bases:
        first, *inner = ast.unparse(base).split("[")[0].split(".")
        source, original = imports(module).get(first, (module, first))
        *parts, last = [part for part in (source, original, *inner) if part]
        if extensions.source(".".join(parts)):
            lineage += _lineage(".".join(parts), last)
    return lineage
