"""What names mean: what imports bind, and what a function binds itself."""

import ast
from dataclasses import dataclass, field

from selfsup.specs.syntax import imported


def import_names(node: ast.Import | ast.ImportFrom, module: str, is_package: bool = False) -> dict[str, str]:
    """Return {local name: dotted name} of one import statement of a module."""
    bound = imported(node, module, is_package)
    return {name: f"{source}.{original}".rstrip(".") for name, (source, original) in bound.items()}


@dataclass
class Bound:
    """What a function stores and imports itself, not what functions inside it do."""

    stored: set[str] = field(default_factory=set)
    imports: list[ast.Import | ast.ImportFrom] = field(default_factory=list)


def bound_in(node: ast.AST) -> Bound:
    bound = Bound()
    waiting = list(ast.iter_child_nodes(node))
    while waiting:
        inner = waiting.pop()
        if isinstance(inner, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            bound.stored.add(inner.name)
            waiting += inner.decorator_list
        elif isinstance(inner, ast.Import | ast.ImportFrom):
            bound.imports.append(inner)
        elif not isinstance(inner, ast.Lambda):
            if isinstance(inner, ast.Name) and isinstance(inner.ctx, ast.Store | ast.Del):
                bound.stored.add(inner.id)
            elif isinstance(inner, ast.ExceptHandler) and inner.name:
                bound.stored.add(inner.name)
            waiting += ast.iter_child_nodes(inner)
    return bound


def arguments(node: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda) -> list[ast.arg]:
    every = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs, node.args.vararg, node.args.kwarg]
    return [arg for arg in every if arg is not None]


def class_names(member: ast.stmt) -> list[str]:
    if isinstance(member, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return [member.name]
    if isinstance(member, ast.AnnAssign):
        return [member.target.id] if isinstance(member.target, ast.Name) else []
    if isinstance(member, ast.Assign):
        return [target.id for target in member.targets if isinstance(target, ast.Name)]
    return []
