"""A report is a function of its content."""

import json
import subprocess
import sys
from dataclasses import replace

from fabricate import VARIANTS

from selfsup.report.build import build


def contents(folder):
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_twice_the_same_bytes(built, tmp_path):
    """Another process, with other hashes and another working directory, writes every file the same, without torch."""
    (tmp_path / "content.json").write_text(repr(built.content))
    program = (
        "import sys; from pathlib import Path, PosixPath; from selfsup.report.build import build; "
        "from selfsup.report.content import Content, Group, Member; "
        "build(eval(Path('content.json').read_text()), Path('out')); "
        "sys.exit('torch' in sys.modules)"
    )
    (tmp_path / "out").mkdir()
    environment = {"PYTHONHASHSEED": "7", "OMP_NUM_THREADS": "1", "PATH": "/usr/bin:/bin", "HOME": str(tmp_path)}
    done = subprocess.run([sys.executable, "-c", program], cwd=tmp_path, env=environment, check=False)
    assert done.returncode == 0, "building a report imports torch, or failed"
    assert contents(tmp_path / "out") == contents(built.folder)


def test_the_files(built):
    names = set(contents(built.folder))
    assert {"index.html", "report.pdf", "results.csv", "metrics.json", "tables/claims.csv"} <= names
    for group in built.content.groups:
        assert {f"tables/accuracy-{group.name}.csv", f"figures/{group.name}-training.svg"} <= names


def test_nothing_tells_the_machine(built):
    places = [str(built.folder).encode(), str(built.content.groups[0].members[0].run.parents[2]).encode()]
    for name, found in contents(built.folder).items():
        assert not [place for place in places if place in found], name


def test_metrics_are_means_and_verdicts(built):
    found = json.loads((built.folder / "metrics.json").read_text())
    assert list(found["accuracy"]["scenes"]) == sorted(VARIANTS)
    rows = built.rows().query("variant == 'simclr' and protocol == 'knn'")
    assert found["accuracy"]["scenes"]["simclr"]["knn"] == round(rows["value"].mean(), 4)
    assert found["claims"]["scenes"]["random_below_rotation"] == "reproduced"


def test_a_suite_without_claims_published_numbers_or_pretext(built, tmp_path):
    """The smallest suite still makes a report."""
    group = built.content.groups[1]
    group = replace(group, protocols=["linear_probe"], variants=["simclr"], members=[_only(group.members)])
    build(replace(built.content, groups=[group], claims={}, reported={}, summary=""), tmp_path)
    page = (tmp_path / "index.html").read_text()
    assert "Published" not in page.split("<main")[1].split('id="provenance"')[0]
    assert (tmp_path / "report.pdf").stat().st_size > 10_000


def _only(members):
    simclr = next(member for member in members if member.variant == "simclr")
    return replace(simclr, measures={"linear_probe": simclr.measures["linear_probe"]})
