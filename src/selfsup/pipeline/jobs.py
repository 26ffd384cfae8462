"""One artefact, one job: its parents, its threads, and errors that name the file to correct."""

import contextlib
import ctypes
import errno
import os
import re
from collections.abc import Iterator
from pathlib import Path

from safetensors import SafetensorError

from selfsup.errors import InputError, listed
from selfsup.pipeline import makers
from selfsup.progress import Progress
from selfsup.store import disk, whole
from selfsup.store.artefact import Artefact
from selfsup.store.reach import sources
from selfsup.store.replaced import replaced
from selfsup.store.spec import file_hash

LOCKED = re.compile(
    r"unable to lock file", re.IGNORECASE
)  # HDF5's words; the number of the error differs by file system
M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3  # of glibc's malloc.h
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


def run(artefact: Artefact, progress: Progress, strict: bool = False) -> None:
    """Make an artefact unless it exists; its threads are fixed before any numerical library is loaded.

    It is made from parents that have the bytes that were recorded when they were made; ``strict`` hashes all of them.
    """
    for need in () if artefact.exists() else artefact.needs():
        if not need.exists():
            raise InputError(
                f"{need.folder} is missing, and {artefact.folder} is made from it; run `snakemake {need.target}`"
            )
        whole.require(need.folder, strict)
    parts = [artefact, *(artefact.parents.values() if artefact.kind == "results" else ())]
    fix_threads(max(int(part.params.get("threads", 1)) for part in parts))
    if artefact.kind != "prepared":  # of data of any size: it must not keep more memory than it needs
        keep_freed_memory()
    (results if artefact.kind == "results" else make)(artefact, progress)
    disk.checkpoint(artefact.folder).unlink(missing_ok=True)


def make(artefact: Artefact, progress: Progress) -> None:
    """Make one artefact by the function of its kind; an error in its values names the file that they come from."""
    with damage_named(artefact):
        try:
            disk.build(artefact, lambda scratch: _by_unchanged_code(artefact, scratch, progress))
        except InputError as error:
            begins_with_path = "/" in str(error).partition(" ")[0]
            if begins_with_path or not artefact.origin:
                raise
            raise InputError(f"{artefact.origin}: {error}") from error


def _by_unchanged_code(artefact: Artefact, scratch: Path, progress: Progress) -> None:
    """Make the files of an artefact; InputError where its code was edited meanwhile, or is not what ran."""
    before = sources(artefact.code)
    MAKERS[artefact.kind](artefact, scratch, progress)
    if functions := replaced(before):
        raise InputError(
            f"{listed(functions)}: not the code of its file ran, but what sitecustomize or another package put in its place, so "
            f"{artefact.folder} is not kept; start Python without that"
        )
    if edited := [str(file) for file, then in before.items() if not file.is_file() or file_hash(file) != then]:
        raise InputError(
            f"{' and '.join(edited)} changed while {artefact.folder} was made, so it is not kept; run snakemake again"
        )


def results(artefact: Artefact, progress: Progress) -> None:
    """Make what is missing of a run's gallery, predictions and measures; if one fails, the others are still made."""
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
    """Raise InputError with the folders to remove for errors from damaged parents; HDF5 and safetensors give no errno.

    A parent that is locked, by another program or because its file system has no locks, is told as that.
    """
    try:
        yield
    except (OSError, SafetensorError) as error:
        if LOCKED.search(str(error)):
            folders = " or ".join(str(need.folder) for need in artefact.needs()) or "data/"
            raise InputError(
                f"a file of {folders} cannot be locked ({str(error).splitlines()[0]}); close it in other programs, such as a "
                "notebook that writes to it, or, where the file system has no locks, set HDF5_USE_FILE_LOCKING=FALSE"
            ) from error
        if getattr(error, "errno", None) not in (None, errno.ENOENT) or not artefact.needs():
            raise  # a full disk, missing permissions, or the user's own files: nothing in the store is damaged
        raise InputError(_damage(artefact, str(error).splitlines()[0])) from error


def _damage(artefact: Artefact, reason: str) -> str:
    import h5py

    folders = [need.folder for need in artefact.needs()]
    broken = [folder for folder in folders if not all(map(h5py.is_hdf5, folder.glob("*.h5")))] or folders
    return (
        f"a file of {' or '.join(map(str, broken))} is damaged ({reason}); remove it here and in the archive, "
        f"`rm -r {broken[0]} {disk.ARCHIVE / broken[0]}`, and run snakemake again"
    )


def fix_threads(threads: int) -> None:
    """Set the threads of numerical libraries: results depend on them, so the suite sets them, never the machine."""
    for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        os.environ[name] = str(threads)
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")


def keep_freed_memory() -> None:
    """Let glibc keep freed memory for the next tensor. By default it returns each large block to the system, which must clear a
    new one: a tenth of the CPU time of training. Other C libraries are left as they are."""
    if mallopt := getattr(ctypes.CDLL(None), "mallopt", None):
        for option, bytes_ in ((M_MMAP_THRESHOLD, 2**30), (M_TRIM_THRESHOLD, 2**31 - 1)):
            mallopt(option, bytes_)
