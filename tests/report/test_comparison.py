"""Two reports compared: what is equal is not named, what differs is, with paired differences."""

import json
import shutil

import pandas as pd
import pytest

from selfsup.errors import InputError
from selfsup.report import comparison
from selfsup.report.intervals import paired_interval
from tests.clones import Clone
from tests.report.conftest import Built


@pytest.fixture
def reports(built: Built, tmp_path):
    """A report and a copy of it, with the manifests that publishing writes."""
    for name in ("first", "second"):
        (tmp_path / name).mkdir()
        for file in ("results.csv", "metrics.json"):
            shutil.copy(built.folder / file, tmp_path / name / file)
        manifest = {
            "made_from": {
                "code": "0a",
                "results": [["scenes/simclr/0", "data/results/simclr-1/s0"]],
                "suite": {"title": "x"},
            },
            "made_with": {"pandas": "3"},
            "parameters": {"runs": {"scenes/simclr": {"epochs": 4, "hyper": {"temperature": 0.2}}}, "data": {}},
        }
        (tmp_path / name / "manifest.json").write_text(json.dumps(manifest))
    return tmp_path / "first", tmp_path / "second"


def compared(reports):
    return {table.name: table for table in comparison.tables(*(comparison.read(str(place)) for place in reports))}


def change(report, name, edit):
    content = json.loads((report / name).read_text())
    edit(content)
    (report / name).write_text(json.dumps(content))


def test_equal_reports_differ_in_nothing(reports):
    tables = compared(reports)
    assert list(tables) == ["verdicts", "numbers", "parameters", "sources"]
    assert all(table.rows == [] for table in tables.values())


def test_a_number_is_paired_over_common_seeds(reports):
    rows = pd.read_csv(reports[1] / "results.csv", keep_default_na=False)
    ours = (rows["variant"] == "simclr") & (rows["protocol"] == "knn") & (rows["pretrain_set"] == "scenes")
    before = dict(zip(rows[ours]["seed"], rows[ours]["value"], strict=True))
    rows.loc[ours, "value"] = rows[ours]["value"] + [1.0, 2.0, 4.0]
    rows.to_csv(reports[1] / "results.csv", index=False)
    after = dict(zip(rows[ours]["seed"], rows[ours]["value"], strict=True))
    (row,) = compared(reports)["numbers"].rows
    expected = paired_interval(after, before)
    assert row[0].text == "scenes, simclr, scenes, knn, top1"
    assert row[3].text == f"{expected.mean:+.3g} ± {expected.half_width:.3g}"
    assert row[3].strong == (expected.mean > expected.half_width)
    assert row[4].text == "3, 3"


def test_verdicts_parameters_and_sources_are_named(reports):
    def other_verdict(metrics):
        metrics["claims"]["scenes"] = {**metrics["claims"]["scenes"], "new": "reproduced"}

    def other_parameters(manifest):
        manifest["parameters"]["runs"]["scenes/simclr"]["hyper"]["temperature"] = 0.5
        manifest["made_from"]["results"][0][1] = "data/results/simclr-2/s0"
        manifest["made_with"]["pandas"] = "4"

    change(reports[1], "metrics.json", other_verdict)
    change(reports[1], "manifest.json", other_parameters)
    cells = {name: [[cell.text for cell in row] for row in table.rows] for name, table in compared(reports).items()}
    assert cells["verdicts"] == [["scenes.new", "\N{EN DASH}", "reproduced"]]
    assert cells["parameters"] == [["runs.scenes/simclr.hyper.temperature", "0.2", "0.5"]]
    assert cells["sources"] == [
        ["results.scenes/simclr/0", "data/results/simclr-1/s0", "data/results/simclr-2/s0"],
        ["made with.pandas", "3", "4"],
    ]


def test_a_report_without_parameters_says_so(reports):
    change(reports[0], "manifest.json", lambda manifest: manifest.pop("parameters"))
    table = compared(reports)["parameters"]
    assert table.rows == []
    assert table.notes == [f"{reports[0]} was published before reports recorded their parameters."]


def test_a_report_may_be_of_a_commit(reports, monkeypatch):
    project = Clone(reports[0].parent)
    monkeypatch.chdir(project.folder)
    project.begin()
    project.commit()
    (project.folder / "first" / "results.csv").unlink()
    assert len(comparison.read("HEAD:first").rows) == len(comparison.read("second").rows)
    for place in ("HEAD:none", "none:first"):
        with pytest.raises(InputError, match=f"^{place}: .*; name COMMIT:reports/SUITE, which git must hold"):
            comparison.read(place)
    with pytest.raises(InputError, match=r"^first has no results\.csv; name the folder of a report"):
        comparison.read("first")


def test_a_damaged_report_is_a_sentence(reports):
    (reports[0] / "metrics.json").write_text("{")
    with pytest.raises(InputError, match=r"first is damaged .*; `selfsup verify` says what is"):
        comparison.read(str(reports[0]))


def test_lines_and_page_hold_the_tables(reports):
    change(reports[1], "metrics.json", lambda metrics: metrics["claims"].update(scenes={}))
    first, second = (comparison.read(str(place)) for place in reports)
    judged = sum(map(len, first.metrics["claims"].values()))
    tables = comparison.tables(first, second)
    lines = list(comparison.text(tables, 2))
    assert lines[0] == f"Verdicts: {len(first.metrics['claims']['scenes'])} of {judged} differ."
    assert "  and 5 more, in --out" in lines or any(line.startswith("  and ") for line in lines)
    page = comparison.page(first, second, tables)
    for table in tables:
        assert f'data-name="{table.name}"' in page
