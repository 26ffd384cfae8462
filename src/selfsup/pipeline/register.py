"""Registers a data set or published weights: hashes their content once into a lock, which is committed."""

import tempfile
from pathlib import Path
from typing import Any

from selfsup import extensions
from selfsup.config import signature, weights
from selfsup.config.lookup import choices, reads_files
from selfsup.config.recipe import PARAMS
from selfsup.config.strict import param_file, read_yaml, write_yaml
from selfsup.datasets.lock import read_lock, write_lock
from selfsup.errors import InputError
from selfsup.pipeline.makers import data_root

STARTS = {"size_px": 32}  # for keys without a default, what a first run can begin with
SHOWN = 20  # names of classes


def register(name: str, dataset: str | None, download: bool, root: Path | None = None) -> dict[str, Any]:
    """Write ``params/data/<name>.lock`` for the files below ``root/<name>``, by default SELFSUP_DATA_ROOT's; return it."""
    file = param_file(PARAMS / "data", name)
    dataset = dataset or (read_yaml(file).get("dataset") if file.exists() else "folder")
    if dataset not in datasets():
        raise InputError(f"{file}: key dataset is {dataset}, which is not made from files; use {', '.join(datasets())}")
    module = extensions.load(f"datasets.{dataset}")
    root = (root or data_root()) / name
    if download:
        if not hasattr(module, "download"):
            raise InputError(f"--download: {dataset} has no download; put the files into {root}")
        module.download(root)
    lock: dict[str, Any] = module.register(root)
    lock_file = param_file(PARAMS / "data", name, ".lock")
    if lock_file.exists() and read_lock(lock_file) != lock:
        raise InputError(
            f"{lock_file} locks other examples than those of {root}; delete it first if these are the right ones"
        )
    write_lock(lock_file, lock)
    counts = ", ".join(f"{split['examples']} {name}" for name, split in lock["splits"].items())
    print(f"{lock_file} written: {counts} examples, {len(lock['classes'])} classes")
    if lock["classes"]:
        print(f"classes: {', '.join(lock['classes'][:SHOWN])}{', ...' if len(lock['classes']) > SHOWN else ''}")
    if not file.exists():
        _describe(file, dataset, name)
    return lock


def _describe(file: Path, dataset: str, source: str) -> None:
    """Write the file of a data set with the keys that have no default, or say which of them it needs."""
    fields = signature.schema(f"datasets.{dataset}", "prepare").model_fields
    required = [name for name, field in fields.items() if field.is_required()]
    content = {"dataset": dataset, "source": source} | {key: STARTS[key] for key in required if key in STARTS}
    keys = ", ".join(f"{key}: {value}" for key, value in content.items())
    if undecided := [key for key in required if key not in STARTS]:
        print(f"now write {file} with {keys}, and {', '.join(undecided)}; then use {file.stem} in a suite")
        return
    write_yaml(file, content)
    print(f"{file} written ({keys}): change it as you need, and use {file.stem} in a suite")


def datasets() -> list[str]:
    """Return the data sets that are made from a user's files."""
    return [name for name in choices("datasets") if reads_files(name)]


def import_weights(name: str, download: bool) -> None:
    """Write ``params/weights/<name>.lock`` for the file below ``SELFSUP_DATA_ROOT``, if it fits its description."""
    from selfsup.nn import imported

    run, published = weights.described(name)
    recipe = dict(run.recipe)
    file = data_root() / recipe.pop("file")
    if download:
        _download(run.origin, published, file)
    sha256 = imported.file_digest(file)
    with tempfile.TemporaryDirectory() as folder:
        try:
            imported.import_weights(Path(folder), source_file=file, sha256=sha256, **recipe)
        except InputError as error:
            raise InputError(f"{run.origin}: {error}") from error
    print(f"{weights.write_lock(name, sha256, file.stat().st_size)} written; name {name} in a suite")


def _download(origin: str, published: dict[str, str] | None, file: Path) -> None:
    """Fetch weights by their name in a library and keep their parameters; an existing file is kept."""
    from selfsup.nn.backbones.library import published_parameters
    from selfsup.nn.imported import write_parameters

    if published is None:
        raise InputError(f"{origin}: key download is missing; name a library and weights, or put {file} there")
    if file.suffix != ".safetensors":
        raise InputError(f"{origin}: key file is {file.name}; downloaded weights are stored as .safetensors")
    if not file.exists():
        write_parameters(file, published_parameters(**published))
