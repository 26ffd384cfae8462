"""Registering a data set: its decoded examples are hashed once into a lock, which is committed."""

import importlib

from selfsup.config import signature
from selfsup.config.lookup import NO_CHOICE
from selfsup.config.recipe import PARAMS
from selfsup.config.strict import read_yaml
from selfsup.datasets.lock import read_lock, write_lock
from selfsup.errors import InputError
from selfsup.pipeline.makers import data_root


def register(name: str, dataset: str | None, download: bool) -> None:
    """Write ``params/data/<name>.lock`` for the files below ``SELFSUP_DATA_ROOT/<name>``."""
    file = PARAMS / "data" / f"{name}.yaml"
    dataset = dataset or (read_yaml(file).get("dataset") if file.exists() else "folder")
    if dataset not in datasets():
        raise InputError(f"{file}: key dataset is {dataset}, which is not made from files; use {', '.join(datasets())}")
    module = importlib.import_module(f"selfsup.datasets.{dataset}")
    root = data_root() / name
    if download:
        if not hasattr(module, "download"):
            raise InputError(f"--download: {dataset} has no download; put the files into {root}")
        module.download(root)
    lock = module.register(root)
    lock_file = PARAMS / "data" / f"{name}.lock"
    if lock_file.exists() and read_lock(lock_file) != lock:
        raise InputError(
            f"{lock_file} locks other examples than those of {root}; delete it first if these are the right ones"
        )
    write_lock(lock_file, lock)
    counts = ", ".join(f"{split['examples']} {name}" for name, split in lock["splits"].items())
    print(f"{lock_file} written: {counts} examples, {len(lock['classes'])} classes")
    if not file.exists():
        print(f"now write {file}, e.g. `dataset: {dataset}`, `source: {name}`, `size_px: 32`, and use it in a suite")


def datasets() -> list[str]:
    """Return the data sets that are made from a user's files."""
    modules = [name for name in signature.names("datasets") if name not in NO_CHOICE]
    return [name for name in modules if "root" in signature.keywords(f"datasets.{name}", "prepare")]
