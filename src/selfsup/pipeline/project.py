"""A new project from an installed package: its recipes and its workflow, copied to be changed."""

import shutil
from pathlib import Path

from selfsup.errors import InputError
from selfsup.extensions import ROOT

PARTS = ("Snakefile", "dvc.yaml", "params", "profiles", "workflow")


def init(folder: Path) -> None:
    """Copy params/, the Snakefile and what it includes into ``folder``; InputError where one of them is there already."""
    if there := [folder / name for name in PARTS if (folder / name).exists()]:
        raise InputError(f"{there[0]} is there already; name an empty folder, e.g. `selfsup init my-project`")
    inside = ROOT / "project"  # in a wheel; in a checkout they lie at its top
    source = inside if inside.is_dir() else ROOT.parents[1]
    folder.mkdir(parents=True, exist_ok=True)
    for name in PARTS:
        copy = shutil.copytree if (source / name).is_dir() else shutil.copy2
        copy(source / name, folder / name)
