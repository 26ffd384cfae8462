"""One artefact, one job: from an artefact's parameters to the call that makes it."""

import contextlib
import errno
import importlib.metadata
import json
import os
import platform
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from safetensors import SafetensorError

from selfsup import extensions
from selfsup.config.lookup import TABLE_READS, table_reads
from selfsup.errors import InputError, NotApplicable
from selfsup.progress import Progress
from selfsup.results import write_measures
from selfsup.store import disk
from selfsup.store.artefact import Artefact

LIBRARIES = (
    *("h5py", "librosa", "numpy", "opencv-python-headless", "pillow", "scikit-image", "scipy", "soundfile"),
    *("tokenizers", "torch", "torchvision"),
)


def run(artefact: Artefact, progress: Progress) -> None:
    """Make an artefact unless it exists; its threads are fixed before any numerical library is loaded."""
    for need in artefact.needs():
        if not need.exists() and not artefact.exists():
            raise InputError(
                f"{need.folder} is missing, and {artefact.folder} is made from it; run `snakemake {need.target}`"
            )
    fix_threads(artefact.params.get("threads", 1))
    with damage_named(artefact):
        if artefact.kind == "results":
            results(artefact, progress)
        else:
            makers = {
                "prepared": prepare,
                "table": table,
                "run": pretrain,
                "features": features,
                "measures": measure,
                "experiment": experiment,
            }
            disk.build(artefact, lambda scratch: _whole(artefact, scratch, makers[artefact.kind], progress))
    disk.partial(artefact.folder, ".checkpoint").unlink(missing_ok=True)


@contextlib.contextmanager
def damage_named(artefact: Artefact) -> Iterator[None]:
    """Turn what a damaged file of the store raises (HDF5 and safetensors have no errno) into the folders to take away."""
    try:
        yield
    except (OSError, SafetensorError) as error:
        if getattr(error, "errno", None) not in (None, errno.ENOENT) or not artefact.needs():
            raise  # a full disk, a forbidden folder, or the user's own files: nothing of the store is damaged
        raise InputError(_damage(artefact, str(error).splitlines()[0])) from error


def _damage(artefact: Artefact, reason: str) -> str:
    import h5py

    files = [file for need in artefact.needs() for file in sorted(need.folder.glob("*.h5"))]
    broken = [file.parent for file in files if not h5py.is_hdf5(file)] or [need.folder for need in artefact.needs()]
    return (
        f"a file of {' or '.join(map(str, broken))} is damaged ({reason}); remove it here and in the keep, "
        f"`rm -r {broken[0]} {disk.KEEP / broken[0]}`, and run snakemake again"
    )


def fix_threads(threads: int) -> None:
    """Results depend on the number of threads, so it comes from the suite and never from the machine."""
    for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        os.environ[name] = str(threads)
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")


def _whole(artefact: Artefact, scratch: Path, make: Any, progress: Progress) -> None:
    make(artefact, scratch, progress)
    (scratch / "spec.json").write_text(json.dumps(spec(artefact), indent=1, sort_keys=True) + "\n", encoding="utf-8")


def spec(artefact: Artefact) -> dict[str, Any]:
    """Return what determined an artefact, and the libraries it was made with, which do not enter its digest."""
    versions = {library: version for library in LIBRARIES if (version := _version(library))}
    made_with = {"python": platform.python_version(), **versions}
    parents = [str(parent.folder) for parent in artefact.parents]
    return {**artefact.determinants, "seed": artefact.seed, "parents": parents, "made_with": made_with}


def _version(library: str) -> str | None:
    try:
        return importlib.metadata.version(library)
    except importlib.metadata.PackageNotFoundError:
        return None  # of an extra that is not installed, and so was not used


def prepare(artefact: Artefact, scratch: Path, progress: Progress) -> None:
    module = extensions.load(f"datasets.{artefact.name}")
    arguments = dict(artefact.params["arguments"])
    if artefact.params["lock"] is not None:
        arguments |= {"root": data_root() / artefact.params["source"], "lock": artefact.params["lock"]}
    module.prepare(scratch, **arguments)


def data_root() -> Path:
    """Return the folder that holds the user's data sets, from the environment: its place changes no digest."""
    root = os.environ.get("SELFSUP_DATA_ROOT")
    if not root:
        raise InputError(
            "SELFSUP_DATA_ROOT is not set; set it to the folder that holds the data sets, e.g. SELFSUP_DATA_ROOT=DIR"
        )
    if not Path(root).is_dir():
        raise InputError(
            f"SELFSUP_DATA_ROOT is {root}, which is no folder; set it to the folder that holds the data sets"
        )
    return Path(root)


def table(artefact: Artefact, scratch: Path, progress: Progress) -> None:
    from safetensors.torch import save

    from selfsup.datasets.prepared import read
    from selfsup.device import prepare_device

    prepare_device("cpu", 1)
    arguments = dict(artefact.params)
    for key in table_reads(artefact.name):
        import torch

        arguments[key] = torch.from_numpy(read(artefact.parents[0].folder / "train.h5", TABLE_READS[key]))
    made = extensions.load(f"tables.{artefact.name}").make(**arguments)
    (scratch / "table.safetensors").write_bytes(save({name: made[name].contiguous() for name in sorted(made)}))


def pretrain(artefact: Artefact, scratch: Path, progress: Progress) -> None:
    from selfsup.training.pretrain import pretrain as train

    assert artefact.seed is not None
    folders = {parent.kind: parent.folder for parent in artefact.parents}
    try:
        train(
            scratch,
            prepared=folders["prepared"],
            table=folders.get("table"),
            checkpoint=disk.partial(artefact.folder, ".checkpoint"),
            seed=artefact.seed,
            progress=progress,
            **{key: value for key, value in artefact.params.items() if key != "table"},
        )
    except InputError as error:
        raise InputError(f"{artefact.origin}: {error}") from error


def features(artefact: Artefact, scratch: Path, progress: Progress) -> None:
    from selfsup.device import prepare_device
    from selfsup.evaluations.features import extract

    source, pretrained = artefact.parents
    prepare_device(artefact.params["device"], artefact.params["threads"])
    keys = {key: value for key, value in artefact.params.items() if key != "threads"}
    extract(pretrained.folder, source.folder, scratch, **keys)


def measure(artefact: Artefact, scratch: Path, progress: Progress) -> None:
    from selfsup.device import prepare_device
    from selfsup.evaluations.inputs import Inputs

    assert artefact.seed is not None
    prepare_device(artefact.params["device"], artefact.params["threads"])
    folders = {parent.kind: parent.folder for parent in (*artefact.parents[0].parents, *artefact.parents)}
    inputs = Inputs(
        prepared=folders["prepared"],
        run=folders["run"],
        features=folders.get("features", Path()),
        seed=artefact.seed,
        device=artefact.params["device"],
        pictures=scratch,
    )
    evaluation = extensions.load(f"evaluations.{artefact.params['evaluation']}")
    progress.say(f"{artefact.params['evaluation']} of {folders['run']}")
    try:
        found, reason = evaluation.evaluate(inputs, **artefact.params["arguments"]), None
    except NotApplicable as does_not_apply:
        found, reason = [], str(does_not_apply)
    write_measures(scratch / "measures.json", found, reason)


def experiment(artefact: Artefact, scratch: Path, progress: Progress) -> None:
    from selfsup.device import prepare_device

    prepare_device("cpu", 1)
    name = artefact.params["experiment"]
    module = extensions.load(f"experiments.{name}")
    write_measures(scratch / "measures.json", module.measure(artefact.seed, **artefact.params["arguments"]))


def results(artefact: Artefact, progress: Progress) -> None:
    """Measure each protocol that the store does not hold yet; one that crashes costs the others nothing."""
    failed: list[Exception] = []
    for measures in artefact.parents:
        try:
            with damage_named(measures):
                disk.build(measures, lambda scratch, one=measures: _whole(one, scratch, measure, progress))  # type: ignore[misc]
        except Exception as error:
            progress.say(f"{measures.folder} failed: {error}")
            failed.append(error)
    if failed:
        raise failed[0]
    disk.build(artefact, lambda scratch: _whole(artefact, scratch, _gather, progress))


def _gather(artefact: Artefact, scratch: Path, progress: Progress) -> None:
    for measures in artefact.parents:
        protocol = measures.name.removeprefix(f"{artefact.name.removesuffix('-evaluations')}-")
        (scratch / f"{protocol}.json").write_bytes((measures.folder / "measures.json").read_bytes())
        if (pictures := measures.folder / "pictures.h5").exists():
            (scratch / f"{protocol}.h5").write_bytes(pictures.read_bytes())
