"""Questions about syntax: what names mean, which statements only report, and which words a test needs."""

import ast
from collections.abc import Iterator, Mapping
from functools import cache

from selfsup.extensions import full_name
from selfsup.specs.syntax import imported

DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
REPORTING = frozenset({"say", "warn", "print"})
OFF_FACTORIES = frozenset(f"field(default_factory={kind})" for kind in ("dict", "list", "tuple", "set"))


@cache
def builder(backbone: str) -> str:
    """Return the dotted name of the function that builds a backbone, which recipes and descriptions name."""
    return f"{full_name(f'nn.backbones.{backbone}')}.build"


def import_names(node: ast.Import | ast.ImportFrom, module: str, is_package: bool = False) -> dict[str, str]:
    """Return {local name: dotted name} of one import statement of a module."""
    bound = imported(node, module, is_package)
    return {name: f"{source}.{original}".rstrip(".") for name, (source, original) in bound.items()}


def own_nodes(definition: ast.AST) -> Iterator[ast.AST]:
    """Yield the nodes of a function or class, but not those of the functions and classes in its body."""
    for node in ast.iter_child_nodes(definition):
        yield node
        if isinstance(node, DEFINITIONS):
            yield from node.decorator_list
        elif not isinstance(node, ast.Lambda):
            yield from own_nodes(node)


def bound_names(definition: ast.AST) -> set[str]:
    """Return the names that a function or class binds in its body, without its imports."""
    nodes = list(own_nodes(definition))
    named = {n.name for n in nodes if isinstance(n, (*DEFINITIONS, ast.ExceptHandler)) and n.name}
    return named | {n.id for n in nodes if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store | ast.Del)}


def stored_names(node: ast.AST) -> list[str]:
    """Return every name that a statement assigns, at any depth."""
    return [name.id for name in ast.walk(node) if isinstance(name, ast.Name) and isinstance(name.ctx, ast.Store)]


def is_report(node: ast.AST) -> bool:
    """Return whether a statement only prints or logs."""
    if not (isinstance(node, ast.Expr) and isinstance(node.value, ast.Call)):
        return False
    called = node.value.func
    name = called.id if isinstance(called, ast.Name) else called.attr if isinstance(called, ast.Attribute) else ""
    return name in REPORTING


def is_docstring(node: ast.AST) -> bool:
    """Return whether a statement is a bare string."""
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)


def required_words(test: ast.expr, outcome: bool, constants: Mapping[str, object]) -> frozenset[str]:
    """Return words of which one must occur for a test to have this outcome; empty where that cannot be derived."""
    if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        return required_words(test.operand, not outcome, constants)
    if isinstance(test, ast.BoolOp):
        parts = [required_words(value, outcome, constants) for value in test.values]
        if isinstance(test.op, ast.And) == outcome:  # every part must have it, so the words of any part are required
            return next((part for part in parts if part), frozenset())
        return frozenset().union(*parts) if all(parts) else frozenset()
    if isinstance(test, ast.Compare) and len(test.ops) == 1:
        operators = (ast.Eq, ast.In) if outcome else (ast.NotEq, ast.NotIn)
        if isinstance(test.ops[0], operators) and (literals := strings(test.comparators[0])):
            return frozenset(literals)
    return _required_parameter(test, outcome, constants)


def _required_parameter(test: ast.expr, outcome: bool, constants: Mapping[str, object]) -> frozenset[str]:
    """Return the parameter that must be passed for a test of it alone to have this outcome."""
    nodes = list(ast.walk(test))
    names = {node.id for node in nodes if isinstance(node, ast.Name)}
    computed = any(isinstance(node, ast.Call | ast.Attribute | ast.Subscript) for node in nodes)
    if computed or len(names) != 1 or not names <= constants.keys():
        return frozenset()
    try:
        by_default = eval(compile(ast.Expression(test), "", "eval"), {"__builtins__": {}}, dict(constants))
    except Exception:
        return frozenset()
    return frozenset() if bool(by_default) == outcome else frozenset(names)


def strings(node: ast.AST) -> list[str]:
    """Return the strings of a literal, or of a tuple, list or set of literals; empty where there is anything else."""
    items = node.elts if isinstance(node, ast.Tuple | ast.List | ast.Set) else [node]
    values = [item.value for item in items if isinstance(item, ast.Constant) and isinstance(item.value, str)]
    return values if len(values) == len(items) else []


def is_off(value: ast.expr | None) -> bool:
    """Return whether a default is None, False, 0, or an empty text or container."""
    if isinstance(value, ast.Constant):
        return not value.value
    return isinstance(value, ast.Call) and ast.unparse(value) in OFF_FACTORIES
