"""The package's modules as definitions, each a list of spans; read from syntax, nothing is imported."""

import ast
from dataclasses import dataclass, field
from functools import cache

from selfsup.extensions import full_name, source
from selfsup.specs import syntax
from selfsup.store.names import import_names
from selfsup.store.spans import Span
from selfsup.store.syntax import is_docstring
from selfsup.store.writer import SpanWriter

EFFECTS = "<effects>"


@dataclass
class Module:
    """``names`` {global name: dotted name it stands for}; ``spans`` by definition, and of what else happens on import."""

    names: dict[str, str] = field(default_factory=dict)
    spans: dict[str, list[Span]] = field(default_factory=dict)


@cache
def builder(backbone: str) -> str:
    """Return the dotted name of the function that builds a backbone, which recipes and code name in a description."""
    return f"{full_name(f'nn.backbones.{backbone}')}.build"


def is_module(dotted: str) -> bool:
    """Return whether a dotted name is a module of the package, or of one that extends it."""
    return source(dotted) is not None


@cache
def read(name: str) -> Module:
    """Return a module of the package as definitions."""
    tree = syntax.tree(name)
    module = Module(_global_names(tree, name, syntax.path(name).stem == "__init__"))
    for statement in tree.body:
        if is_docstring(statement) or isinstance(statement, ast.Import | ast.ImportFrom) or _for_types(statement):
            continue
        defined = _defined(statement) or [EFFECTS]
        spans = _spans(statement, module.names, name, defined[0])
        for definition in defined:
            module.spans.setdefault(definition, []).extend(spans)
    return module


def _global_names(tree: ast.Module, name: str, is_package: bool) -> dict[str, str]:
    """Return what each global name of a module stands for: an import's target, or a definition of its own."""
    names: dict[str, str] = {}
    for statement in tree.body:
        if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            names[statement.name] = f"{name}.{statement.name}"
            continue
        for node in ast.walk(statement):
            if isinstance(node, ast.Import | ast.ImportFrom):
                names |= import_names(node, name, is_package)
            elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                names[node.id] = f"{name}.{node.id}"
    return names


def _defined(statement: ast.stmt) -> list[str]:
    """Return the names that a statement of a module defines; a compound one is an effect as well as a definition."""
    if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return [statement.name]
    if isinstance(statement, ast.Assign | ast.AnnAssign | ast.AugAssign):
        stored = [n for n in ast.walk(statement) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)]
        return [name.id for name in stored]
    stored = [n for n in ast.walk(statement) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)]
    return [EFFECTS, *(name.id for name in stored)] if stored else []


def _spans(statement: ast.stmt, names: dict[str, str], module: str, defined: str) -> list[Span]:
    writer = SpanWriter(names, module, is_module, builder)
    value = statement.value if isinstance(statement, ast.Assign | ast.AnnAssign) else None
    if isinstance(value, ast.Dict):
        writer.emit(defined + " =")
        writer.entries(value, whole=f"*{module}.{defined}")
    else:
        writer.write(statement)
    return [span for span in writer.spans if span.text]


def _for_types(statement: ast.stmt) -> bool:
    """Return whether a statement is there for a type checker alone."""
    return isinstance(statement, ast.If) and ast.unparse(statement.test).endswith("TYPE_CHECKING")
