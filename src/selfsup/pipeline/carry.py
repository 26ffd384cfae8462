"""Carrying results over a change of code that moves no number: a sample is made at both revisions and compared."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from selfsup.errors import InputError
from selfsup.progress import Progress
from selfsup.store import disk
from selfsup.store.artefact import Artefact
from selfsup.store.chains import by_name
from selfsup.store.spec import files

SCRATCH = disk.PARTIAL / "carry"


def carry(revision: str, suite: str, progress: Progress) -> None:
    """Take the results that ``revision`` led to for those of today's code, if a sample of them has the same bytes in both.

    The sample has one seed of each run and experiment that would be made anew, with all its evaluations. Both
    revisions make it from nothing, here; any difference is an InputError that names it, and nothing is carried.
    """
    commit = _commit(revision)
    shutil.rmtree(SCRATCH, ignore_errors=True)
    before = _checkout(commit, SCRATCH / "before")
    after = _working_tree(SCRATCH / "after")
    try:
        then, now = _plan(before, suite), by_name(suite)
        candidates = _candidates(then, now)
        if not candidates:
            raise InputError(f"nothing to carry from {revision}: its results for suite {suite} are not in the store")
        sample = _sample(list(candidates), list(now))
        for folder, plan in ((before, then), (after, {name: str(made.folder) for name, made in now.items()})):
            progress.say(f"making {len(sample)} artefacts anew in {folder}")
            _make(folder, suite, [plan[name] for name in sample])
        compared = _compare(before, then, after, now, sample)
        for name, folder in candidates.items():
            proof = {"revision": commit, "artefact": then[name], "compared": compared, "sample": sorted(sample)}
            disk.reuse(now[name], folder, carried=proof)
        progress.say(f"{len(candidates)} artefacts carried from {commit[:12]}; {compared} files of a sample were equal")
    finally:
        _git("worktree", "remove", "--force", str(before))
        shutil.rmtree(SCRATCH, ignore_errors=True)


def _commit(revision: str) -> str:
    """Return the hash of a revision; InputError where the repository has none of this name."""
    try:
        return _git("rev-parse", "--verify", f"{revision}^{{commit}}")
    except InputError:
        raise InputError(f"{revision} names no commit of this repository; name one, e.g. HEAD~1") from None


def _candidates(then: dict[str, str], now: dict[str, Artefact]) -> dict[str, Path]:
    """Return what is missing today and was there at the other revision, with the folder that holds its files."""
    found: dict[str, Path] = {}
    for name, artefact in now.items():
        if name in then and not artefact.exists():
            holders = [root / then[name] for root in (Path(), disk.KEEP) if (root / then[name] / "spec.json").exists()]
            if holders:
                found[name] = holders[0]
    return found


def _sample(candidates: list[str], every: list[str]) -> list[str]:
    """Return the candidates' kinds at the first seed of each run: what both revisions are to make."""
    wanted = {_kind(name) for name in candidates}
    first = {_kind(name): name for name in reversed(every)}
    return [first[kind] for kind in first if kind in wanted]


def _kind(name: str) -> str:
    """Return an artefact's name without its seed: of one kind are the seeds of one run, or of one evaluation of it."""
    return "/".join(part for part in name.split("/") if not (part[0] == "s" and part[1:].isdigit()))


def _plan(folder: Path, suite: str) -> dict[str, str]:
    """Return the artefacts' folders by name, as the code in ``folder`` plans them."""
    done = _run(folder, sys.executable, "-m", "selfsup", "plan", "--suite", suite)
    if done.returncode:
        raise InputError(f"the code of that revision cannot plan suite {suite}: {done.stderr.strip().splitlines()[-1]}")
    plan: dict[str, str] = json.loads(done.stdout)
    return plan


def _make(folder: Path, suite: str, targets: list[str]) -> None:
    paths = sorted(f"{target}/spec.json" for target in set(targets) if not _made_inside_results(target))
    done = _run(folder, sys.executable, "-m", "snakemake", "--quiet", "all", "--config", f"suite={suite}", "--", *paths)
    if done.returncode:
        raise InputError(f"the sample could not be made in {folder}: {done.stderr.strip().splitlines()[-1]}")


def _made_inside_results(target: str) -> bool:
    """Return whether an artefact has no rule of its own: the job of its results makes it."""
    top, name = Path(target).parts[1:3]
    return top in ("predictions", "gallery") or (
        top == "results" and "-evaluations-" not in name and "-experiment-" not in name
    )


def _compare(before: Path, then: dict[str, str], after: Path, now: dict[str, Artefact], sample: list[str]) -> int:
    """Return how many files of the sample are equal; InputError with those that are not."""
    different, equal = [], 0
    for name in sample:
        old, new = files(before / then[name]), files(after / now[name].folder)
        different += [f"{name}: {file}" for file in sorted(old.keys() | new.keys()) if old.get(file) != new.get(file)]
        equal += sum(old.get(file) == content for file, content in new.items())
    if different:
        raise InputError(
            f"nothing is carried: {len(different)} files of the sample differ between the revisions, first {different[0]}; "
            "the change moves numbers, so `snakemake` must make them anew"
        )
    return equal


def _checkout(commit: str, folder: Path) -> Path:
    _git("worktree", "prune")
    _git("worktree", "add", "--detach", "--force", str(folder), commit)
    return folder


def _working_tree(folder: Path) -> Path:
    """Return a copy of the working tree, with what is not committed yet: what git tracks, and what it would."""
    for name in _git("ls-files", "--cached", "--others", "--exclude-standard", "-z").split("\0"):
        if name and Path(name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(name, folder / name)
    return folder


def _run(folder: Path, *command: str) -> subprocess.CompletedProcess[str]:
    own = {"PYTHONPATH": str((folder / "src").resolve())}
    if root := os.environ.get("SELFSUP_DATA_ROOT"):
        own["SELFSUP_DATA_ROOT"] = str(Path(root).resolve())
    return subprocess.run(command, cwd=folder, env={**os.environ, **own}, capture_output=True, text=True)


def _git(*words: Any) -> str:
    done = subprocess.run(["git", *words], capture_output=True, text=True)
    if done.returncode:
        raise InputError(f"git {' '.join(words[:2])}: {done.stderr.strip().splitlines()[-1]}")
    return done.stdout.strip("\n")
