"""Questions about syntax: what only speaks, what is off unless set, and when a test can have an outcome."""

import ast
from collections.abc import Mapping

SPEAKING = frozenset({"say", "warn", "print"})


def is_say(node: ast.AST) -> bool:
    """Return whether a statement only tells a person something."""
    if not (isinstance(node, ast.Expr) and isinstance(node.value, ast.Call)):
        return False
    called = node.value.func
    return (isinstance(called, ast.Name) and called.id in SPEAKING) or (
        isinstance(called, ast.Attribute) and called.attr in SPEAKING
    )


def is_docstring(node: ast.AST) -> bool:
    """Return whether a statement is a bare string."""
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)


def needs(test: ast.expr, outcome: bool, constants: Mapping[str, object]) -> frozenset[str]:
    """Return words of which one must occur for a test to have this outcome; empty where nothing is known."""
    if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        return needs(test.operand, not outcome, constants)
    if isinstance(test, ast.BoolOp):
        parts = [needs(value, outcome, constants) for value in test.values]
        if isinstance(test.op, ast.And) == outcome:  # all of them must have it: any one says what is needed
            return next((part for part in parts if part), frozenset())
        return frozenset().union(*parts) if all(parts) else frozenset()
    if isinstance(test, ast.Compare) and len(test.ops) == 1:
        wanted = (ast.Eq, ast.In) if outcome else (ast.NotEq, ast.NotIn)
        if isinstance(test.ops[0], wanted) and (literals := strings(test.comparators[0])):
            return frozenset(literals)
    return _needs_passed(test, outcome, constants)


def _needs_passed(test: ast.expr, outcome: bool, constants: Mapping[str, object]) -> frozenset[str]:
    """Return the parameter that must be passed for a test on it alone to have this outcome."""
    names = {n.id for n in ast.walk(test) if isinstance(n, ast.Name)}
    if len(names) != 1 or any(isinstance(n, ast.Call | ast.Attribute | ast.Subscript) for n in ast.walk(test)):
        return frozenset()
    (name,) = names
    if name not in constants:
        return frozenset()
    try:
        value = eval(compile(ast.Expression(test), "", "eval"), {"__builtins__": {}}, dict(constants))
    except Exception:
        return frozenset()
    return frozenset() if bool(value) == outcome else frozenset({name})


def strings(node: ast.AST) -> list[str]:
    """Return the strings of a literal, or of a tuple of literals; empty where there is anything else."""
    items = node.elts if isinstance(node, ast.Tuple | ast.List | ast.Set) else [node]
    values = [item.value for item in items if isinstance(item, ast.Constant) and isinstance(item.value, str)]
    return values if len(values) == len(items) else []


def is_off(value: ast.expr | None) -> bool:
    """Return whether a default is nothing: None, False, 0, an empty text or container."""
    if isinstance(value, ast.Constant):
        return not value.value
    return isinstance(value, ast.Call) and ast.unparse(value) in {
        f"field(default_factory={kind})" for kind in ("dict", "list", "tuple", "set")
    }
