"""Modules that are chosen by name: selfsup's own, and those that other installed packages add by entry points.

An entry point of a group, such as ``selfsup.methods``, has the name in a recipe, and the module as its value. None is
imported to find it, nor its parent packages, so that planning never loads torch.
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
GROUPS = ("methods", "evaluations", "datasets", "backbones", "tables", "experiments", "loggers")


def names(package: str) -> list[str]:
    """Return the modules of a package, e.g. ``methods`` or ``nn.backbones``: files, and folders with code in __init__.py."""
    folder = ROOT / package.replace(".", "/")
    folders = [file.parent for file in folder.glob("[a-z]*/__init__.py") if file.stat().st_size]
    own = {file.stem for file in [*folder.glob("[a-z]*.py"), *folders]}
    return sorted(own | _added(package.rpartition(".")[2]).keys())


@cache
def full_name(module: str) -> str:
    """Return the full name of a module, e.g. of ``methods.simclr``; InputError if no package has it, or more than one."""
    package, _, name = module.rpartition(".")
    owners = dict(_added(package.rpartition(".")[2]).get(name, {}))
    if source(own := f"selfsup.{module}"):
        owners[own] = "selfsup"
    if len(owners) > 1:
        packages = " and ".join(sorted(owners.values()))
        raise InputError(f"{name} of {package} is provided by {packages}; uninstall one, or rename its entry point")
    if not owners:
        raise InputError(f"neither selfsup nor an installed extension has {name} of {package}")
    ((full, owner),) = owners.items()
    if source(full) is None:
        raise InputError(f"{name} of {package}: {owner} names the module {full}, which is missing; reinstall it")
    return full


def load(module: str) -> ModuleType:
    """Import a module, e.g. ``methods.simclr``; InputError names the extra to install if a library is missing."""
    try:
        return importlib.import_module(full_name(module))
    except ModuleNotFoundError as error:
        if sentence := optional.missing(error):
            raise InputError(sentence) from error
        raise


@cache
def source(full_name: str) -> Path | None:
    """Return the file of a module of selfsup or of an extension; None for other libraries."""
    top, *below = full_name.split(".")
    stems = [Path(folder, *below) for folder in folders(top)]
    files = [file for stem in stems for file in (stem.with_suffix(".py"), stem / "__init__.py")]
    return next((file for file in files if file.is_file()), None)


def folders(top: str) -> list[str]:
    """Return the folders of a top-level package of ``packages``; none for other libraries."""
    if top == "selfsup":
        return [str(ROOT)]
    spec = importlib.util.find_spec(top) if top in packages() else None
    return list(spec.submodule_search_locations or []) if spec else []


@cache
def _added(group: str) -> dict[str, dict[str, str]]:
    """Return {name: {module: package}} of a group's entry points."""
    added: dict[str, dict[str, str]] = {}
    for point in importlib.metadata.entry_points(group=f"selfsup.{group}") if group in GROUPS else ():
        added.setdefault(point.name, {})[point.value] = point.dist.name if point.dist else point.module
    return added


@cache
def packages() -> set[str]:
    """Return the top-level packages that provide modules: their code determines the results that reach it, as ours does."""
    modules = [module for group in GROUPS for choice in _added(group).values() for module in choice]
    return {"selfsup", *(module.partition(".")[0] for module in modules)}
