"""A recipe's schema: the keyword-only parameters of the callable that it configures, their types found without importing it."""

import ast
import builtins
import importlib
import sys
from collections.abc import Sequence
from functools import cache
from typing import Any

from pydantic import Field, ValidationInfo, create_model, field_validator
from pydantic.errors import PydanticUserError

from selfsup import extensions
from selfsup.config.strict import Keys
from selfsup.errors import InputError
from selfsup.specs import syntax
from selfsup.specs.syntax import Key

LIGHT = {"pydantic", "annotated_types", "typing_extensions", *sys.stdlib_module_names}
TABLE_READS = {"images": "image", "clips": "clip", "captions": "caption"}
SHARES = ("_fraction", "_fractions", "_probability", "_scale_min")  # ends of the names of keys that are shares
# Ends of the names of lists in which each value counts once.
CHOICES = ("penalties", "_fractions", "_per_class", "pooling", "layers", "shots")
PROVIDED = ("root", "lock", "device", "precision", "in_channels", *TABLE_READS)  # by the pipeline: they are not keys


def label(module: str) -> str:
    """Return the path of a module's file as people know it, e.g. ``src/selfsup/methods/simclr.py``."""
    full = extensions.full_name(module)
    name = full.replace(".", "/")
    return f"{'src/' * name.startswith('selfsup/')}{name}{'/__init__' * (syntax.path(full).stem == '__init__')}.py"


def constant(module: str, name: str) -> Any:
    """Return the literal that ``name`` is assigned at the top of a module; None if it is not."""
    return syntax.constant(extensions.full_name(module), name)


def keywords(module: str, function: str) -> list[str]:
    """Return the names of the keyword-only parameters of a function of a module."""
    return [key.name for key in syntax.function_keys(extensions.full_name(module), function)]


@cache
def schema(module: str, function: str) -> type[Keys]:
    """Return the strict model of a function's keys, without those that the pipeline provides."""
    keys = syntax.function_keys(extensions.full_name(module), function)
    return _model(f"{module}.{function}", [key for key in keys if key.name not in PROVIDED])


@cache
def method_schema(method: str) -> type[Keys]:
    """Return the strict model of the keys of ``methods/<method>.py``, including its parents'."""
    return _model(f"methods.{method}", syntax.method_keys(extensions.full_name(f"methods.{method}")))


def modality(method: str, hyper: dict[str, Any]) -> str:
    """Return the modality of a method: its recipe's key ``modality`` if it has one, else its class's constant."""
    module = extensions.full_name(f"methods.{method}")
    return str(hyper.get("modality") or syntax.constant(module, "modality", syntax.method_class(module)) or "image")


def method_roots(method: str) -> tuple[str, ...]:
    """Return the dotted names of a method's class and of the types of its keys: they determine what it computes."""
    module = extensions.full_name(f"methods.{method}")
    types = [
        ".".join(part for part in syntax.imports(key.module)[node.id] if part)
        for key in syntax.method_keys(module)
        for node in (ast.walk(key.annotation) if key.annotation else ())
        if isinstance(node, ast.Name) and node.id in syntax.imports(key.module)
    ]
    own = [name for name in dict.fromkeys(types) if extensions.source(name.rpartition(".")[0])]
    return (f"{module}.{syntax.method_class(module)}", *own)


class Arguments(Keys):
    """The keys of a callable. What a list leaves to choose from, or to do, is at least one."""

    @field_validator("*")
    @classmethod
    def _in_range(cls, value: Any, info: ValidationInfo) -> Any:
        if value == []:
            raise ValueError("the list is empty; write one value or more")
        name = info.field_name or ""
        numbers = [x for x in (value if isinstance(value, list) else [value]) if isinstance(x, int | float)]
        if name.endswith(SHARES) and any(x > 1 for x in numbers):
            raise ValueError("a share is at most 1")
        if name == "held_out_fraction" and 1 in numbers:
            raise ValueError("nothing would be left to fit; write less than 1")
        if name.endswith(CHOICES) and isinstance(value, list) and len(set(map(str, value))) < len(value):
            raise ValueError("a value stands twice; keep one")
        return value


def _model(name: str, keys: Sequence[Key]) -> type[Keys]:
    fields: dict[str, Any] = {key.name: _field(key) for key in keys}
    try:
        return create_model(name, __base__=Arguments, **fields)
    except PydanticUserError:
        for key in keys:
            try:
                create_model(key.name, **{key.name: fields[key.name]})
            except PydanticUserError:
                raise _unreadable(key, key.annotation, "type", "no YAML value has it") from None
        raise


def _field(key: Key) -> Any:
    annotation = key.annotation
    if annotation is None:
        raise InputError(f"{syntax.path(key.module)}: key {key.name} has no annotation; write its type")
    if isinstance(annotation, ast.Constant) and isinstance(annotation.value, str):
        annotation = ast.parse(annotation.value, mode="eval").body
    default = ... if key.default is None else _value(key, key.default, "default")
    return _value(key, annotation, "type"), Field(default, description=key.description or None)


def _value(key: Key, expression: ast.expr, what: str) -> Any:
    """Return the value of an annotation or a default in the module of its key."""
    try:
        return _Scope(key.module).value(expression)
    except InputError:
        raise
    except Exception as error:
        raise _unreadable(key, expression, what, str(error).splitlines()[0]) from None


def _unreadable(key: Key, expression: ast.expr | None, what: str, reason: str) -> InputError:
    text = "" if expression is None else ast.unparse(expression)
    return InputError(
        f"{syntax.path(key.module)}: the {what} of key {key.name}, {text}, cannot be read by planning ({reason}); use "
        "builtins, typing, collections.abc, pydantic, constants of the file, or definitions of a package `specs`"
    )


class _Scope(dict[str, Any]):
    """The names of a module, resolved lazily: imports from light modules, its constants, and constants that it imports."""

    def __init__(self, module: str) -> None:
        super().__init__()
        self.module = module

    def value(self, expression: ast.expr) -> Any:
        return eval(compile(ast.Expression(expression), self.module, "eval"), {"__builtins__": {}}, self)

    def __missing__(self, name: str) -> Any:
        if name in (imported := syntax.imports(self.module)):
            source, original = imported[name]
            is_ours = not _is_light(source, original) and extensions.source(source)
            constant = syntax.assigned(source, original) if is_ours else None
            return _imported(source, original) if constant is None else _Scope(source).value(constant)
        constant = syntax.assigned(self.module, name)
        return getattr(builtins, name) if constant is None else self.value(constant)


def _is_light(source: str, name: str) -> bool:
    return source.split(".")[0] in LIGHT or "specs" in (*source.split("."), name)


def _imported(source: str, name: str) -> Any:
    if not _is_light(source, name):
        raise ImportError(f"it never imports {source}")
    module = importlib.import_module(source)
    if not name:
        return module
    return getattr(module, name) if hasattr(module, name) else importlib.import_module(f"{source}.{name}")
