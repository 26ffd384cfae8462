"""Modules that are chosen by name: selfsup's own, and those that other installed packages add by entry points.

The groups are ``selfsup.methods``, ``selfsup.evaluations``, ``selfsup.datasets``, ``selfsup.backbones``, ``selfsup.tables``
and ``selfsup.experiments``; an entry point's name is what a recipe says, its value the module. Nothing is imported to find
one, not even the packages above it, so that planning never loads torch.
"""

import importlib
import importlib.metadata
import importlib.util
from functools import cache
from pathlib import Path
from types import ModuleType

from selfsup import optional
from selfsup.errors import InputError

ROOT = Path(__file__).resolve().parent
GROUPS = ("methods", "evaluations", "datasets", "backbones", "tables", "experiments")


def names(package: str) -> list[str]:
    """Return the names that can be chosen of a package, e.g. ``methods`` or ``nn.backbones``, sorted.

    They are its files, and its folders whose ``__init__.py`` has code.
    """
    folder = ROOT / package.replace(".", "/")
    folders = [file.parent for file in folder.glob("[a-z]*/__init__.py") if file.stat().st_size]
    own = {file.stem for file in [*folder.glob("[a-z]*.py"), *folders]}
    return sorted(own | _added(package.rpartition(".")[2]).keys())


@cache
def full_name(module: str) -> str:
    """Return the full name of a module that is chosen as e.g. ``methods.simclr``.

    Raises InputError where there is none, or where more than one package has it.
    """
    package, _, name = module.rpartition(".")
    found = dict(_added(package.rpartition(".")[2]).get(name, {}))
    if source(own := f"selfsup.{module}"):
        found[own] = "selfsup"
    if len(found) > 1:
        owners = " and ".join(sorted(found.values()))
        raise InputError(f"{name} of {package} is provided by {owners}; uninstall one, or rename its entry point")
    if not found:
        raise InputError(f"neither selfsup nor an installed extension has {name} of {package}")
    (only,) = found
    if source(only) is None:
        raise InputError(f"{name} of {package}: {found[only]} names the module {only}, which is missing; reinstall it")
    return only


def load(module: str) -> ModuleType:
    """Import a module that is chosen as e.g. ``methods.simclr``; InputError names the extra where a library is missing."""
    try:
        return importlib.import_module(full_name(module))
    except ModuleNotFoundError as error:
        if sentence := optional.missing(error):
            raise InputError(sentence) from error
        raise


@cache
def source(full_name: str) -> Path | None:
    """Return the file of a module of selfsup or of a package that extends it; None for any other library's."""
    top, *below = full_name.split(".")
    stems = [Path(folder, *below) for folder in _folders(top)]
    files = [file for stem in stems for file in (stem.with_suffix(".py"), stem / "__init__.py")]
    return next((file for file in files if file.is_file()), None)


def _folders(top: str) -> list[str]:
    if top == "selfsup":
        return [str(ROOT)]
    spec = importlib.util.find_spec(top) if top in _packages() else None
    return list(spec.submodule_search_locations or []) if spec else []


@cache
def _added(group: str) -> dict[str, dict[str, str]]:
    """Return {name: {module: the package that names it}} of a group's entry points."""
    found: dict[str, dict[str, str]] = {}
    for point in importlib.metadata.entry_points(group=f"selfsup.{group}") if group in GROUPS else ():
        found.setdefault(point.name, {})[point.value] = point.dist.name if point.dist else point.module
    return found


@cache
def _packages() -> set[str]:
    """Return the top-level packages whose code can decide a number."""
    modules = [module for group in GROUPS for choice in _added(group).values() for module in choice]
    return {"selfsup", *(module.partition(".")[0] for module in modules)}
