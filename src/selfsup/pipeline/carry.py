"""Carrying results over a change of code that moves no number: a sample is made at both revisions and compared."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from selfsup.errors import InputError
from selfsup.progress import Progress
from selfsup.store import disk
from selfsup.store.artefact import Artefact
from selfsup.store.graph import graph
from selfsup.store.spec import files

SCRATCH = disk.PARTIAL / "carry"
WITHOUT_RULE = ("predictions", "gallery", "measures")  # the job of their results makes them


def carry(revision: str, suite: str, progress: Progress) -> None:
    """Record the results of ``revision`` as those of the current code, if a sample has the same bytes in both.

    The sample has one seed of each run and experiment that would be made anew, with all its evaluations. Both
    revisions make it here from nothing; InputError names the first difference, and then nothing is carried.
    """
    commit = _commit(revision)
    shutil.rmtree(SCRATCH, ignore_errors=True)
    before, after = SCRATCH / "before", SCRATCH / "after"
    _git("worktree", "prune")
    _git("worktree", "add", "--detach", "--force", str(before), commit)
    try:
        _copy_working_tree(after)
        old, new = _plan(before, suite), graph(suite).by_name()
        candidates = _candidates(old, new)
        if not candidates:
            raise InputError(f"nothing to carry from {revision}: its results for suite {suite} are not in the store")
        sample = _sample(candidates, new)
        for folder, plan in ((before, old), (after, {name: str(artefact.folder) for name, artefact in new.items()})):
            progress.say(f"making {len(sample)} artefacts anew in {folder}")
            _make(folder, suite, [plan[name] for name in sample if new[name].kind not in WITHOUT_RULE])
        compared = _compare({name: (before / old[name], after / new[name].folder) for name in sample})
        for name, folder in candidates.items():
            proof = {"revision": commit, "artefact": old[name], "compared": compared, "sample": sorted(sample)}
            disk.reuse(new[name], folder, carried=proof)
        progress.say(f"{len(candidates)} artefacts carried from {commit[:12]}; {compared} files of a sample were equal")
    finally:
        _git("worktree", "remove", "--force", str(before))
        shutil.rmtree(SCRATCH, ignore_errors=True)


def _commit(revision: str) -> str:
    try:
        return _git("rev-parse", "--verify", f"{revision}^{{commit}}")
    except InputError:
        raise InputError(f"{revision} names no commit of this repository; name one, e.g. HEAD~1") from None


def _candidates(old: dict[str, str], new: dict[str, Artefact]) -> dict[str, Path]:
    """Return what is missing now and was made at the other revision, with the folder that holds its files."""
    candidates: dict[str, Path] = {}
    for name, artefact in new.items():
        if name in old and not artefact.exists():
            folders = [root / old[name] for root in (Path(), disk.ARCHIVE)]
            if finished := [folder for folder in folders if (folder / "spec.json").exists()]:
                candidates[name] = finished[0]
    return candidates


def _sample(candidates: dict[str, Path], new: dict[str, Artefact]) -> list[str]:
    """Return the names to make at both revisions: the first seed of each candidate."""
    first = {_without_seed(name): name for name in reversed(new)}
    wanted = {_without_seed(name) for name in candidates}
    return [name for key, name in first.items() if key in wanted]


def _without_seed(name: str) -> str:
    return re.sub(r"/s\d+(?=/|$)", "", name)


def _plan(folder: Path, suite: str) -> dict[str, str]:
    """Return the artefacts' folders by name, as the code in ``folder`` plans them."""
    stdout = _run(folder, f"the code of that revision cannot plan suite {suite}", "selfsup", "plan", "--suite", suite)
    plan: dict[str, str] = json.loads(stdout)
    return plan


def _make(folder: Path, suite: str, artefacts: list[str]) -> None:
    paths = sorted(f"{artefact}/spec.json" for artefact in set(artefacts))
    words = ("snakemake", "--quiet", "all", "--config", f"suite={suite}", "--", *paths)
    _run(folder, f"the sample could not be made in {folder}", *words)


def _compare(pairs: dict[str, tuple[Path, Path]]) -> int:
    """Return how many files of the sample's folders are equal; InputError where any differ."""
    different, equal = [], 0
    for name, (before, after) in pairs.items():
        old, new = files(before), files(after)
        different += [f"{name}: {file}" for file in sorted(old.keys() | new.keys()) if old.get(file) != new.get(file)]
        equal += sum(old.get(file) == sha256 for file, sha256 in new.items())
    if different:
        raise InputError(
            f"nothing is carried: {len(different)} files of the sample differ between the revisions, first {different[0]}; "
            "the change moves numbers, so `snakemake` must make them anew"
        )
    return equal


def _copy_working_tree(folder: Path) -> None:
    """Copy what git tracks, and what it would track, as it is now."""
    for name in _git("ls-files", "--cached", "--others", "--exclude-standard", "-z").split("\0"):
        if name and Path(name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(name, folder / name)


def _run(folder: Path, failure: str, *words: str) -> str:
    """Return what a module of the code in ``folder`` prints there; InputError begins with ``failure``."""
    environment = {**os.environ, "PYTHONPATH": str((folder / "src").resolve())}
    if root := os.environ.get("SELFSUP_DATA_ROOT"):
        environment["SELFSUP_DATA_ROOT"] = str(Path(root).resolve())
    command = [sys.executable, "-m", *words]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
    if done.returncode:
        raise InputError(f"{failure}: {done.stderr.strip().splitlines()[-1]}")
    return done.stdout


def _git(*words: str) -> str:
    done = subprocess.run(["git", *words], capture_output=True, text=True)
    if done.returncode:
        raise InputError(f"git {' '.join(words[:2])}: {done.stderr.strip().splitlines()[-1]}")
    return done.stdout.strip("\n")
