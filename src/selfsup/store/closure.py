"""The code that makes an artefact: a module and all that it imports from the package, as syntax without comments."""

import ast
import hashlib
from functools import cache
from typing import Any

from selfsup.extensions import source


def closure(*modules: str) -> dict[str, str]:
    """Return {module: digest of its syntax} of the import closure of ``modules``; docstrings and formatting do not count."""
    waiting, seen = list(modules), {}
    while waiting:
        name = waiting.pop()
        if name in seen or source(name) is None:
            continue
        seen[name], imported = _read(name)
        waiting += [*imported, name.rpartition(".")[0]]
    return dict(sorted(seen.items()))


@cache
def _read(name: str) -> tuple[str, tuple[str, ...]]:
    file = source(name)
    assert file is not None
    tree = ast.parse(file.read_bytes())
    package = name.split(".") if file.name == "__init__.py" else name.split(".")[:-1]
    imported: set[str] = set()
    for node in ast.walk(tree):
        imported |= _imports(node, package)
        _drop_docstring(node)
    return hashlib.sha256(repr(_canonical(tree)).encode()).hexdigest()[:16], tuple(sorted(imported))


def _imports(node: ast.AST, package: list[str]) -> set[str]:
    if isinstance(node, ast.Import):
        return {alias.name for alias in node.names}
    if not isinstance(node, ast.ImportFrom):
        return set()
    above = package[: len(package) - node.level + 1] if node.level else []
    base = ".".join([*above, *([node.module] if node.module else [])])
    return {base} | {f"{base}.{alias.name}" for alias in node.names}


def _drop_docstring(node: ast.AST) -> None:
    if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) and (
        ast.get_docstring(node, clean=False) is not None
    ):
        node.body = node.body[1:]


def _canonical(node: Any) -> Any:
    """Like ``ast.dump``, but the same on every Python: empty fields, which versions add, are left out."""
    if isinstance(node, list):
        return [_canonical(item) for item in node]
    if not isinstance(node, ast.AST):
        return repr(node)
    fields = ((name, _canonical(value)) for name, value in ast.iter_fields(node) if value is not None and value != [])
    return [type(node).__name__, *fields]
