"""Planted errors: a copy of a module with one piece of its source replaced, to prove that a test would notice."""

import importlib.util
import inspect
from pathlib import Path
from types import ModuleType


def mutant(module: ModuleType, before: str, after: str, within: str = "") -> ModuleType:
    """Return a copy of ``module`` in which ``before`` reads ``after``: anywhere, or in its function ``within``.

    Raises LookupError unless ``before`` occurs there exactly once: an AssertionError would pass for a noticed mutant.
    """
    source = Path(str(module.__file__)).read_text(encoding="utf-8")
    part = inspect.getsource(getattr(module, within)) if within else source
    if (count := part.count(before)) != 1:
        raise LookupError(f"{before!r} occurs {count} times in {module.__name__}, not once")
    spec = importlib.util.spec_from_loader(f"{module.__name__}_mutant", loader=None)
    copy = importlib.util.module_from_spec(spec)
    exec(compile(source.replace(part, part.replace(before, after)), str(module.__file__), "exec"), copy.__dict__)
    return copy
