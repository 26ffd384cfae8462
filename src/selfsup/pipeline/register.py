"""Registering a data set or published weights: their content is hashed once into a lock, which is committed."""

import tempfile
from pathlib import Path

from selfsup import extensions
from selfsup.config import signature, weights
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
    module = extensions.load(f"datasets.{dataset}")
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
    modules = [name for name in extensions.names("datasets") if name not in NO_CHOICE]
    return [name for name in modules if "root" in signature.keywords(f"datasets.{name}", "prepare")]


def import_weights(name: str, download: bool) -> None:
    """Write ``params/weights/<name>.lock`` for the file below ``SELFSUP_DATA_ROOT``, once it has served its purpose."""
    from selfsup.nn import imported

    found = weights.described(name)
    file = data_root() / found.file
    if download:
        _download(found, file)
    sha256 = imported.file_digest(file)
    with tempfile.TemporaryDirectory() as folder:
        try:
            imported.import_weights(Path(folder), source_file=file, sha256=sha256, **found.recipe)
        except InputError as error:
            raise InputError(f"{found.origin}: {error}") from error
    print(f"{weights.write_lock(name, sha256, file.stat().st_size)} written; name {name} in a suite")


def _download(found: weights.Weights, file: Path) -> None:
    """Fetch weights by their name in a library, and keep their parameters; what is there already is kept."""
    from selfsup.nn.backbones.library import published_parameters
    from selfsup.nn.imported import write_parameters

    if found.download is None:
        raise InputError(f"{found.origin}: key download is missing; name a library and weights, or put {file} there")
    if file.suffix != ".safetensors":
        raise InputError(f"{found.origin}: key file is {found.file}; what is downloaded is kept as .safetensors")
    if not file.exists():
        write_parameters(file, published_parameters(**found.download))
