"""Starts a project from an installed package: a copy of its recipes and its workflow, and a suite of a user's own images."""

import contextlib
import re
import shutil
from pathlib import Path

from selfsup.config.recipe import PARAMS
from selfsup.config.strict import read_yaml, require, stems, write_yaml
from selfsup.errors import InputError
from selfsup.extensions import ROOT
from selfsup.pipeline.register import register

PARTS = ("Snakefile", "dvc.yaml", "params", "profiles", "workflow")
ORIGINALS = Path("originals")  # links to a user's images, where SELFSUP_DATA_ROOT is not set
MIN_IMAGES = 150  # of fewer, a map of the held-out ones would have no neighbourhoods
EXAMPLES = 10_000  # whose epochs a recipe states: of fewer images, more epochs
BATCH = 64  # at most
NEEDS_NO_LABELS = ("neighbours", "embedding_map", "geometry")
ANCHORS = ("supervised", "pixels", "hog")
NEEDS_LABELS = ("linear_probe", "linear_probe_grid", "confusion")


def init(folder: Path, images: Path | None = None, size_px: int = 64, method: str = "simclr") -> None:
    """Copy params/, the Snakefile and what it includes into ``folder``; of ``images``, add a suite of ``method``, its default.

    Raises InputError where one of these exists already, or the images cannot be used.
    """
    if existing := [folder / name for name in (*PARTS, ORIGINALS.name) if (folder / name).exists()]:
        raise InputError(f"{existing[0]} exists already; name an empty folder, e.g. `selfsup init my-project`")
    if images is not None and not images.is_dir():
        raise InputError(f"--images: {images} is no folder; name the folder of your images")
    in_wheel = ROOT / "project"
    source = in_wheel if in_wheel.is_dir() else ROOT.parents[1]
    folder.mkdir(parents=True, exist_ok=True)
    try:
        for name in PARTS:
            copy = shutil.copytree if (source / name).is_dir() else shutil.copy2
            copy(source / name, folder / name)
        if images is not None:
            linked = images.resolve()
            with contextlib.chdir(folder):
                add_images(linked, size_px, method)
    except BaseException:
        for name in (*PARTS, ORIGINALS.name):
            shutil.rmtree(folder / name) if (folder / name).is_dir() else (folder / name).unlink(missing_ok=True)
        raise


def add_images(images: Path, size_px: int, method: str) -> None:
    """Link a folder of images, describe and register it, and write a suite of it, in the project of the working directory."""
    require(method, stems(PARAMS / "methods"), f"--method: {method} is not a file of params/methods")
    name = re.sub(r"[^a-z0-9]+", "-", images.name.lower()).strip("-") or "images"
    ORIGINALS.mkdir(exist_ok=True)
    (ORIGINALS / name).symlink_to(images, target_is_directory=True)
    _write("data", name, {"dataset": "folder", "source": name, "size_px": size_px})
    lock = register(name, None, download=False, root=ORIGINALS)
    total = sum(split["examples"] for split in lock["splits"].values())
    if total < MIN_IMAGES:
        raise InputError(f"{images} holds {total} images; at least {MIN_IMAGES} are needed to learn anything of them")
    _write("suites", name, suite(name, total, lock["labelled"], method))
    Path("params", "run.yaml").write_text(f"suite: {name}   # a file of params/suites\n", encoding="utf-8")


def suite(name: str, images: int, labelled: bool, method: str) -> dict[str, object]:
    """Return the smallest suite of a folder of images: a method, an untrained network, and with labels what they compare with."""
    recipe = read_yaml(PARAMS / "methods" / f"{method}.yaml")
    epochs = max(1, round(recipe["epochs"] * EXAMPLES / images))
    budget = {"epochs": epochs, "batch_size": min(BATCH, recipe["batch_size"])}
    others = [run for run in (*(ANCHORS if labelled else ()), "random") if run != method]
    runs = [*others, {"method": method, "name": method, "set": budget}]
    evaluations = [*(NEEDS_LABELS if labelled else ()), *NEEDS_NO_LABELS]
    group = {"data": name, "runs": runs, "targets": [{"data": name, "evaluations": evaluations}]}
    return {"title": name.replace("-", " ").capitalize(), "groups": [group]}


def _write(kind: str, name: str, content: dict[str, object]) -> None:
    file = Path("params", kind, f"{name}.yaml")
    if file.exists():
        raise InputError(f"{file} exists already; give the folder of images another name")
    write_yaml(file, content)
