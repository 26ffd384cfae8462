"""What code uses that no digest can see: modules found by name, files beside it, modules of no installed package."""

import importlib.util
import sys
import sysconfig
from functools import cache
from pathlib import Path

FINDS_CODE = frozenset({"__import__", "exec", "eval", "importlib", "runpy", "pkgutil", "imp"})
SCHEMES = {sysconfig.get_default_scheme(), sysconfig.get_preferred_scheme("user")}
INSTALLED = {
    Path(sysconfig.get_path(kind, scheme)).resolve()
    for kind in ("purelib", "platlib", "stdlib", "platstdlib")
    for scheme in SCHEMES
}


@cache
def unfollowed(dotted: str) -> list[str]:
    """Return why a name, of a library or built in, makes results that outlive an edit of what they were made with, if it does."""
    top = dotted.partition(".")[0]
    if top in FINDS_CODE:
        return [f"uses {dotted}, by which it runs code that no digest includes; import that code by a statement"]
    if top == "__file__":
        return [
            "uses __file__, to read a file that no digest includes; put its values into the module, or into a data set"
        ]
    if beside := _beside(top):
        return [
            f"uses {top}, which is {beside}, of no installed package, so that no digest includes it; move it into the package, "
            "or install it"
        ]
    return []


def _beside(top: str) -> Path | None:
    """Return the file of a top-level module that lies on the path without being installed."""
    if top in sys.stdlib_module_names or top in sys.builtin_module_names:
        return None
    try:
        spec = importlib.util.find_spec(top)
    except (ImportError, ValueError):
        return None
    places = [spec.origin] if spec and spec.origin else list(spec.submodule_search_locations or []) if spec else []
    for place in (Path(place).resolve() for place in places):
        if not any(place.is_relative_to(folder) for folder in INSTALLED) and "dist-packages" not in place.parts:
            return place
    return None
