"""One artefact, one job: what it needs, its threads, and what a damaged parent means."""

import contextlib
import errno
import os
from collections.abc import Iterator

from safetensors import SafetensorError

from selfsup.errors import InputError
from selfsup.pipeline import makers
from selfsup.progress import Progress
from selfsup.store import disk
from selfsup.store.artefact import Artefact

MAKERS = {
    "prepared": makers.prepare,
    "table": makers.table,
    "weights": makers.weights,
    "predictions": makers.predict,
    "gallery": makers.gallery,
    "features": makers.features,
    "measures": makers.measure,
    "experiment": makers.experiment,
}


def run(artefact: Artefact, progress: Progress) -> None:
    """Make an artefact unless it exists; its threads are fixed before any numerical library is loaded."""
    for need in artefact.needs():
        if not need.exists() and not artefact.exists():
            raise InputError(
                f"{need.folder} is missing, and {artefact.folder} is made from it; run `snakemake {need.target}`"
            )
    fix_threads(_threads(artefact))
    if artefact.kind == "results":
        results(artefact, progress)
    else:
        make(artefact, progress)
    disk.checkpoint(artefact.folder).unlink(missing_ok=True)


def _threads(artefact: Artefact) -> int:
    """Return a suite's threads; a results folder is made with those of its parts."""
    parts = [artefact, *(artefact.parents.values() if artefact.kind == "results" else ())]
    return max(int(part.params.get("threads", 1)) for part in parts)


def make(artefact: Artefact, progress: Progress) -> None:
    """Make one artefact by the function of its kind; an error in its values names the file that they come from."""
    with damage_named(artefact):
        try:
            disk.build(artefact, lambda scratch: MAKERS[artefact.kind](artefact, scratch, progress))
        except InputError as error:
            raise InputError(_with_origin(artefact, str(error))) from error


def _with_origin(artefact: Artefact, sentence: str) -> str:
    """Return an error's sentence behind the file of params/ that it is about, unless it begins with a path of its own."""
    names_a_file = "/" in sentence.partition(" ")[0]
    return sentence if names_a_file or not artefact.origin else f"{artefact.origin}: {sentence}"


def results(artefact: Artefact, progress: Progress) -> None:
    """Make what is not there yet of a run's gallery, predictions and measures; one that crashes costs the others nothing."""
    failed: list[Exception] = []
    for part in artefact.parents.values():
        try:
            make(part, progress)
        except Exception as error:
            progress.say(f"{part.folder} failed: {error}")
            failed.append(error)
    if failed:
        raise failed[0]
    disk.build(artefact, lambda scratch: None)


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
        f"a file of {' or '.join(map(str, broken))} is damaged ({reason}); remove it here and in the archive, "
        f"`rm -r {broken[0]} {disk.KEEP / broken[0]}`, and run snakemake again"
    )


def fix_threads(threads: int) -> None:
    """Results depend on the number of threads, so it comes from the suite and never from the machine."""
    for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        os.environ[name] = str(threads)
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
