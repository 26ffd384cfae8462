"""Adopting a data set: its decoded examples are hashed once, and the lock that says so is committed."""

from selfsup import extensions
from selfsup.config import signature
from selfsup.config.lookup import NO_CHOICE
from selfsup.config.recipe import PARAMS
from selfsup.config.strict import read_yaml
from selfsup.datasets.lock import read_lock, write_lock
from selfsup.errors import InputError
from selfsup.pipeline.makers import data_root


def adopt(name: str, dataset: str | None, download: bool) -> None:
    """Write ``params/data/<name>.lock`` for the files below ``SELFSUP_DATA_ROOT/<name>``."""
    file = PARAMS / "data" / f"{name}.yaml"
    dataset = dataset or (read_yaml(file).get("dataset") if file.exists() else "folder")
    if dataset not in _from_files():
        raise InputError(f"--dataset {dataset}: no data set that is made from files; use {' or '.join(_from_files())}")
    module = extensions.load(f"datasets.{dataset}")
    root = data_root() / name
    if download:
        if not hasattr(module, "download"):
            raise InputError(f"--download: {dataset} has no publisher to fetch from; put your images into {root}")
        module.download(root)
    lock = module.adopt(root)
    place = PARAMS / "data" / f"{name}.lock"
    if place.exists() and read_lock(place) != lock:
        raise InputError(f"{place} holds other examples than {root}; delete it first if these are the ones you mean")
    write_lock(place, lock)
    counts = ", ".join(f"{split['examples']} {where}" for where, split in lock["splits"].items())
    print(f"{place} written: {counts} examples, {len(lock['classes'])} classes")
    if not file.exists():
        print(f"now write {file}, e.g. `dataset: {dataset}`, `source: {name}`, `size_px: 32`, and name it in a suite")


def _from_files() -> list[str]:
    """Return the modules of datasets/ that are made from a user's files."""
    made = [name for name in extensions.names("datasets") if name not in NO_CHOICE]
    return [name for name in made if "root" in signature.keywords(f"datasets.{name}", "prepare")]
