"""Modules read by their syntax: which class is a method, which keys a callable has. Nothing is imported."""

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
    """A keyword-only parameter: its annotation and default as syntax, and the module in which their names have a meaning."""

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
    file = extensions.source(module)
    if file is None:
        raise InputError(f"module {module} is missing; reinstall the package that has it")
    return file


@cache
def imports(module: str) -> dict[str, tuple[str, str]]:
    """Return {name: (module, name in it, or empty for the module itself)} of all that a module imports."""
    nodes = [node for node in ast.walk(tree(module)) if isinstance(node, ast.Import | ast.ImportFrom)]
    is_package = path(module).stem == "__init__"
    return {name: target for node in nodes for name, target in imported(node, module, is_package).items()}


def imported(node: ast.Import | ast.ImportFrom, module: str, is_package: bool = False) -> dict[str, tuple[str, str]]:
    """Return what one import statement of a module binds, as ``imports`` does."""
    if isinstance(node, ast.Import):
        tops = {alias: alias.name if alias.asname else alias.name.split(".")[0] for alias in node.names}
        return {alias.asname or top: (top, "") for alias, top in tops.items()}
    above = module.split(".")
    above = above[: len(above) - node.level + is_package] if node.level else []
    source = ".".join([*above, *([node.module] if node.module else [])])
    return {alias.asname or alias.name: (source, alias.name) for alias in node.names}


def method_class(module: str) -> str:
    """Return the name of the one class of a method's module that is a method, through whatever parents."""
    classes = [node for node in tree(module).body if isinstance(node, ast.ClassDef)]
    found = [node.name for node in classes if METHOD in _lineage(module, node.name)]
    if len(found) != 1:
        raise InputError(
            f"{path(module)}: {len(found)} classes that subclass Method; a method's file holds exactly one"
            + (f", and these are {', '.join(found)}" if found else "")
        )
    return found[0]


def constant(module: str, name: str, within: str | None = None) -> Any:
    """Return the literal that a name is assigned at the top of a module, or in a class or the nearest of its parents."""
    places = [(module, None)] if within is None else _lineage(module, within)
    for place, kind in places:
        if (place, kind) != METHOD:
            value = assigned(place, name, kind)
            if value is not None:
                return ast.literal_eval(value)
    return None


def assigned(module: str, name: str, within: str | None = None) -> ast.expr | None:
    """Return the expression that a name is assigned at the top of a module or of its class ``within``; None: it is not."""
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
    """Return the keyword-only parameters of a method: of its ``__init__``, and of its parents' where that has ``**others``.

    A key is described by the nearest of these classes that does so.
    """
    found: dict[str, Key] = {}
    words: dict[str, str] = {}
    more = True
    for place, name in _lineage(module, method_class(module)):
        node = _class(place, name)
        if (place, name) == METHOD or node is None:
            break
        words = described(ast.get_docstring(node) or "") | words
        for inner in node.body:
            if more and isinstance(inner, ast.FunctionDef) and inner.name == "__init__":
                found = {key.name: key for key in _keys(place, inner, "")} | found
                more = inner.args.kwarg is not None
    return [replace(key, description=words.get(name, "")) for name, key in found.items()]


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


def _keys(module: str, node: ast.FunctionDef, docstring: str) -> list[Key]:
    described_as = described(docstring)
    pairs = zip(node.args.kwonlyargs, node.args.kw_defaults, strict=True)
    return [Key(module, arg.arg, arg.annotation, default, described_as.get(arg.arg, "")) for arg, default in pairs]


def _class(module: str, name: str) -> ast.ClassDef | None:
    return next((node for node in tree(module).body if isinstance(node, ast.ClassDef) and node.name == name), None)


@cache
def _lineage(module: str, name: str) -> list[tuple[str, str]]:
    """Return a class and its parents, nearest first, as (module, name); those of other libraries are left out."""
    if (module, name) == METHOD:
        return [METHOD]
    if (node := _class(module, name)) is None:
        return []
    found = [(module, name)]
    for base in node.bases:
        first, *inner = ast.unparse(base).split("[")[0].split(".")
        source, original = imports(module).get(first, (module, first))
        *places, last = [part for part in (source, original, *inner) if part]
        if extensions.source(".".join(places)):
            found += _lineage(".".join(places), last)
    return found
