"""A report is a function of its content."""

import json
import subprocess
import sys
from dataclasses import replace
from types import SimpleNamespace

import pytest

from selfsup.report.build import _values, build
from selfsup.report.tables import Cell, Column, Table
from selfsup.results import write_measures
from tests.report.fabricate import VARIANTS, group_of, protocol

pytestmark = pytest.mark.slow

NONE = {"ablations": [], "experiments": []}


def contents(folder):
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_twice_the_same_bytes(built, place, tmp_path):
    """Another process, with other hashes and another working directory, writes every file the same, without torch."""
    (tmp_path / "content.json").write_text(repr(built.content))
    program = (
        "import sys; from pathlib import Path, PosixPath; from selfsup.report.build import build; "
        "from selfsup.config.claims import Claim, Side; "
        "from selfsup.config.shown import Figure, Metric, Shown; "
        "from selfsup.report.content import Ablation, Content, Experiment; "
        "from selfsup.report.group import Data, Group, Member, Protocol, Target; "
        "build(eval(Path('content.json').read_text()), Path('out')); "
        "sys.exit('torch' in sys.modules)"
    )
    (tmp_path / "out").mkdir()
    (tmp_path / "data").symlink_to(place / "data")
    environment = {"PYTHONHASHSEED": "7", "OMP_NUM_THREADS": "1", "PATH": "/usr/bin:/bin", "HOME": str(tmp_path)}
    done = subprocess.run([sys.executable, "-c", program], cwd=tmp_path, env=environment, check=False)
    assert done.returncode == 0, "building a report imports torch, or failed"
    assert contents(tmp_path / "out") == contents(built.folder)


def test_the_files(built):
    names = set(contents(built.folder))
    assert {"index.html", "report.pdf", "results.csv", "metrics.json", "tables/claims.csv"} <= names
    for group in built.content.groups:
        assert {f"tables/accuracy-{group.name}.csv", f"figures/{group.name}-training.svg"} <= names


def test_no_file_contains_a_path_of_the_machine(built, place):
    places = [str(built.folder).encode(), str(place).encode()]
    for name, found in contents(built.folder).items():
        assert not [place for place in places if place in found], name


def test_metrics_are_means_and_verdicts(built):
    found = json.loads((built.folder / "metrics.json").read_text())
    assert list(found["measures"]["scenes"]) == sorted(VARIANTS)
    rows = built.rows().query("variant == 'simclr' and protocol == 'knn'")
    assert found["measures"]["scenes"]["simclr"]["knn"] == round(rows["value"].mean(), 4)
    assert set(found["measures"]["scenes"]["moco_v1"]) >= {
        "inpainting/psnr",
        "fine_tune@0.01",
        "pretext/pretext_accuracy",
    }
    assert not [key for key in found["measures"]["scenes"]["moco_v1"] if "conv" in key or "nearest" in key]
    assert found["claims"]["scenes"]["random_below_moco_v1"] == "reproduced"


def test_a_suite_without_claims_published_numbers_or_pretext(built, tmp_path):
    """The smallest suite still makes a report."""
    group = built.content.groups[1]
    group = group_of(group.name, [_only(group.members)], [protocol("linear_probe")])
    build(replace(built.content, groups=[group], claims={}, reported={}, summary="", **NONE), tmp_path)
    page = (tmp_path / "index.html").read_text()
    assert "Published" not in page.split("<main")[1].split('id="provenance"')[0]
    assert (tmp_path / "report.pdf").stat().st_size > 10_000


def test_a_group_in_which_no_evaluation_applies(built, tmp_path):
    """Unlabelled data, one variant, one seed: every cell says why it is empty, and page and paper are made."""
    group = built.content.groups[1]
    member = next(member for member in group.members if member.variant == "simclr")
    for name in names(group):
        write_measures(tmp_path / f"{name}.json", [], f"no labels for {name}")
    member = replace(member, measures={(group.name, name): tmp_path / f"{name}.json" for name in names(group)})
    group = replace(group, variants=["simclr"], members=[member])
    (tmp_path / "out").mkdir()
    summary = "It reads {cifar10-10k/simclr/fine_tune@0.01}."
    build(replace(built.content, groups=[group], claims={}, summary=summary, **NONE), tmp_path / "out")
    page = (tmp_path / "out" / "index.html").read_text()
    for name in names(group) - {"pretext"}:
        assert f"<small>no labels for {name}</small>" in page
        assert f'"does not apply: no labels for {name}"' in page
    assert "It reads not measured." in page
    assert "does not apply" in (tmp_path / "out" / "tables" / "accuracy-cifar10-10k.csv").read_text()
    assert (tmp_path / "out" / "results.csv").read_text().count("\n") == 1
    assert (tmp_path / "out" / "report.pdf").stat().st_size > 10_000


def test_where_no_evaluation_applies_claims_are_not_measured(built, tmp_path):
    """The whole suite over unlabelled data, three seeds."""
    group = built.content.groups[0]
    write_measures(tmp_path / "none.json", [], "the data has no labels")
    members = [replace(m, measures=dict.fromkeys(m.measures, tmp_path / "none.json")) for m in group.members]
    (tmp_path / "out").mkdir()
    build(replace(built.content, groups=[replace(group, members=members)]), tmp_path / "out")
    verdicts = json.loads((tmp_path / "out" / "metrics.json").read_text())["claims"]["scenes"]
    assert set(verdicts.values()) == {"not measured"}


def names(group):
    return {scoring.protocol.name for scoring in group.scorings}


def _only(members):
    simclr = next(member for member in members if member.variant == "simclr")
    place = ("cifar10-10k", "linear_probe")
    return replace(simclr, measures={place: simclr.measures[place]})


def test_a_main_table_with_too_many_columns_for_a_page_is_printed_in_parts(built):
    section = SimpleNamespace(
        group=built.content.groups[0], examples=None, reported=None, plots=[], comparisons=[], strips=[]
    )
    for columns, parts in ((10, 1), (11, 2), (13, 2), (21, 3)):
        headings = [Column("method", "method"), *(Column(f"c{n}", f"{n}", numeric=True) for n in range(columns))]
        section.tables = [Table("results", "Results", headings, [[Cell(column.key) for column in headings]])]
        printed = _values(section)["main"]
        assert len(printed) == parts
        assert all(part.columns[0].key == "method" and len(part.columns) <= 11 for part in printed)
        assert [cell.text for part in printed for cell in part.rows[0][1:]] == [f"c{n}" for n in range(columns)]
