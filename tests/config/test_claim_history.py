"""What a claim says of itself, written before or after its first result, is what the history of the repository says."""

import csv
import io
import subprocess

import pytest
import yaml

from selfsup.config.claims import _expanded, claims
from tests.conftest import ROOT

pytestmark = pytest.mark.slow


def git(*words: str) -> str:
    return subprocess.run(("git", *words), cwd=ROOT, capture_output=True, text=True, check=True).stdout


def commits(*paths: str) -> list[str]:
    return git("log", "--reverse", "--topo-order", "--format=%H", "--", *paths).split()


def files_of(commit: str, folder: str) -> list[str]:
    return git("ls-tree", "-r", "--name-only", commit, folder).split()


def first_written() -> dict[str, str]:
    """Return the commit in which each claim came; at first each had a file of its name."""
    first: dict[str, str] = {}
    for commit in commits("params/claims"):
        changed = git("show", "--format=", "--name-only", "--diff-filter=AM", commit, "--", "params/claims").split()
        for file in changed:
            content = yaml.safe_load(git("show", f"{commit}:{file}"))
            entries = content.get("claims", [{"name": file.rpartition("/")[2].removesuffix(".yaml")}])
            names = [claim["name"] for entry in entries for claim in _expanded(entry, file)]
            first |= {name: commit for name in names if name not in first}
    return first


def first_measured() -> dict[tuple[str, str], str]:
    """Return the commit in which each (run, protocol) first had a row of results."""
    first: dict[tuple[str, str], str] = {}
    for commit in commits("reports/*/results.csv"):
        for file in files_of(commit, "reports"):
            if file.endswith("results.csv"):
                rows = csv.DictReader(io.StringIO(git("show", f"{commit}:{file}")))
                names = {(row["variant"], row[key]) for row in rows for key in ("protocol", "evaluation") if key in row}
                first |= {name: commit for name in names if name not in first}
    return first


def test_claims_say_whether_they_were_written_before_their_first_result():
    if git("rev-parse", "--is-shallow-repository").strip() == "true":
        pytest.skip("a shallow clone has no history")
    order = {commit: n for n, commit in enumerate(git("log", "--reverse", "--topo-order", "--format=%H").split())}
    written, measured = first_written(), first_measured()
    wrong = {}
    for name, claim in claims().items():
        results = [measured.get((side.run, side.evaluation)) for side in (claim.first, claim.second)]
        known = [order[commit] for commit in results if commit is not None]
        after = name in written and len(known) == 2 and order[written[name]] >= max(known)
        if claim.written != ("after" if after else "before"):
            wrong[name] = claim.written
    assert not wrong
