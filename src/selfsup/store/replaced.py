"""Functions that run in place of those in their files: what sitecustomize, or a test's patch, puts there at run time."""

import dis
import inspect
import sys
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from functools import cache, cached_property
from itertools import pairwise
from pathlib import Path
from types import CodeType
from typing import Any, NamedTuple


class Written(NamedTuple):
    """What the code of a module or class binds, by name: functions, classes, and imports as (module, its name there)."""

    functions: dict[str, list[CodeType]]
    classes: dict[str, "Written"]
    imports: dict[str, list[tuple[str, str]]]


def replaced(files: Collection[Path]) -> list[str]:
    """Return the names in loaded modules, made from ``files``, of functions that are not those defined or imported there."""
    return sorted(
        f"{name}.{found}"
        for name, module in list(sys.modules.items())
        if (file := getattr(module, "__file__", None)) and Path(file) in files
        for found in _replaced(vars(module), _written(name, file))
    )


@cache
def _written(name: str, file: str) -> Written:
    """Return what the file of a loaded module binds; compiled before, where nothing was edited."""
    spec = sys.modules[name].__spec__
    loader: Any = spec.loader if spec else None
    code = loader.get_code(loader.name) if hasattr(loader, "get_code") else None
    return _bound(code) if isinstance(code, CodeType) else Written({}, {}, {})


def _bound(code: CodeType) -> Written:
    functions: dict[str, list[CodeType]] = defaultdict(list)
    classes = {}
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            if constant.co_flags & inspect.CO_OPTIMIZED:
                functions[constant.co_name].append(constant)
            else:
                classes[constant.co_name] = _bound(constant)
    imports: dict[str, list[tuple[str, str]]] = defaultdict(list)
    origin = ""
    for instruction, following in pairwise(dis.get_instructions(code)):
        if instruction.opname == "IMPORT_NAME":
            origin = instruction.argval
        if instruction.opname == "IMPORT_FROM" and following.opname == "STORE_NAME":
            imports[following.argval].append((origin, instruction.argval))
    return Written(functions, classes, imports)


def _replaced(namespace: Mapping[str, Any], written: Written) -> Iterator[str]:
    """Yield the names of a module or class that hold neither a function that its code defines nor what it imports."""
    for name in (written.functions.keys() | written.imports.keys()) & namespace.keys():
        imported = [
            getattr(sys.modules.get(origin), original, None) for origin, original in written.imports.get(name, [])
        ]
        if any(namespace[name] is original or not callable(original) for original in imported):
            continue
        if getattr(_function(namespace[name]), "__code__", None) not in written.functions.get(name, []):
            yield name
    for name, body in written.classes.items():
        if isinstance(namespace.get(name), type):
            yield from (f"{name}.{found}" for found in _replaced(vars(namespace[name]), body))


def _function(value: Any) -> Any:
    """Return the function below a property, a method of a class or a decorator."""
    if isinstance(value, property):
        value = value.fget
    if isinstance(value, cached_property):
        value = value.func
    if isinstance(value, (staticmethod, classmethod)):
        value = value.__func__
    return inspect.unwrap(value)
