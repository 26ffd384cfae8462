"""Starts a project from an installed package with a copy of its recipes and its workflow."""

import shutil
from pathlib import Path

from selfsup.errors import InputError
from selfsup.extensions import ROOT

PARTS = ("Snakefile", "dvc.yaml", "params", "profiles", "workflow")


def init(folder: Path) -> None:
    """Copy params/, the Snakefile and what it includes into ``folder``; InputError where one of them exists already."""
    if existing := [folder / name for name in PARTS if (folder / name).exists()]:
        raise InputError(f"{existing[0]} exists already; name an empty folder, e.g. `selfsup init my-project`")
    in_wheel = ROOT / "project"
    source = in_wheel if in_wheel.is_dir() else ROOT.parents[1]
    folder.mkdir(parents=True, exist_ok=True)
    for name in PARTS:
        copy = shutil.copytree if (source / name).is_dir() else shutil.copy2
        copy(source / name, folder / name)
