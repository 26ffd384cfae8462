"""The package's modules as definitions, each a list of spans, read from their syntax without importing them."""

import ast
from dataclasses import dataclass, field
from functools import cache

from selfsup.specs import syntax
from selfsup.store.spans import Span
from selfsup.store.syntax import DEFINITIONS, import_names, is_docstring, stored_names
from selfsup.store.writer import SpanWriter

EFFECTS = "<effects>"


@dataclass
class Module:
    """``names`` maps global names to dotted names; ``spans`` are by definition, with the other effects of an import."""

    names: dict[str, str] = field(default_factory=dict)
    spans: dict[str, list[Span]] = field(default_factory=dict)


@cache
def read(name: str) -> Module:
    """Return a module of the package as definitions."""
    tree = syntax.tree(name)
    module = Module(_global_names(tree, name, syntax.path(name).stem == "__init__"))
    for statement in tree.body:
        if is_docstring(statement) or isinstance(statement, ast.Import | ast.ImportFrom) or _for_types(statement):
            continue
        defined = _defined(statement)
        spans = _spans(statement, module.names, name, defined[0])
        for definition in defined:
            module.spans.setdefault(definition, []).extend(spans)
    return module


def _global_names(tree: ast.Module, name: str, is_package: bool) -> dict[str, str]:
    """Return the dotted name of each global name of a module: of what it imports, or of its own definition."""
    names: dict[str, str] = {}
    for statement in tree.body:
        if isinstance(statement, DEFINITIONS):
            names[statement.name] = f"{name}.{statement.name}"
            continue
        for node in ast.walk(statement):
            if isinstance(node, ast.Import | ast.ImportFrom):
                names |= import_names(node, name, is_package)
        names |= {stored: f"{name}.{stored}" for stored in stored_names(statement)}
    return names


def _defined(statement: ast.stmt) -> list[str]:
    """Return the names that a statement of a module defines; any but a definition or an assignment is an effect too."""
    if isinstance(statement, DEFINITIONS):
        return [statement.name]
    names = stored_names(statement)
    return names if names and isinstance(statement, ast.Assign | ast.AnnAssign | ast.AugAssign) else [EFFECTS, *names]


def _spans(statement: ast.stmt, names: dict[str, str], module: str, defined: str) -> list[Span]:
    writer = SpanWriter(names, module)
    value = statement.value if isinstance(statement, ast.Assign | ast.AnnAssign) else None
    if isinstance(value, ast.Dict):
        writer.emit(defined + " =")
        writer.entries(value, of=f"*{module}.{defined}")
    else:
        writer.write(statement)
    return [span for span in writer.spans if span.text]


def _for_types(statement: ast.stmt) -> bool:
    """Return whether only a type checker runs a statement."""
    return isinstance(statement, ast.If) and ast.unparse(statement.test).endswith("TYPE_CHECKING")
