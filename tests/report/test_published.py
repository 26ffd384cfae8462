"""Published numbers keep their paper's decimals, data and place, and stand beside the right variant only."""

import contextlib
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from selfsup.config.reported import read_table
from selfsup.report.build import environment
from selfsup.report.details import every_score
from selfsup.report.papers import number, references, reported_cell, runs_of
from selfsup.report.published import published_tables
from selfsup.report.rows import result_rows
from selfsup.report.scores import main_scores
from tests.report.fabricate import PARAMS, REPORTED

PAPER = {"authors": "A. Author, B. Author", "title": "T", "year": 2020, "arxiv": "2002.05709"}
LINEAR = {"evaluation": "linear_probe", "metric": "top1"}
TABLE = {
    **{
        "id": "mine",
        "title": "Probes",
        "paper": PAPER,
        "location": "Table 1",
        "dataset": "ImageNet",
        "encoder": "AlexNet",
    },
    **{"slides": [7], "unit": "%", "decimals": 1, "note": "Frozen."},
    "columns": {
        "linear": {"title": "linear", "ours": LINEAR},
        "first": {"title": "conv1", "ours": LINEAR | {"layer": "conv1"}},
        "map": {"title": "mAP", "why": "no boxes here"},
        "zero": {"title": "zero-shot", "ours": {"evaluation": "zero_shot", "metric": "top1"}},
    },
    "rows": [
        {
            "title": "SimCLR (theirs)",
            "run": "simclr",
            "values": {"linear": 92.8, "first": 40.0, "map": 50.25, "zero": 1.0},
        },
        {"title": "Rotation (theirs)", "run": "rotation", "values": {"map": 3.0}},
        {"title": "CLIP (theirs)", "run": "clip", "values": {"linear": 60.0}},
        {"title": "BYOL", "values": {"linear": 74.3}},
    ],
}


def tables(built, content):
    """Return the published tables of a fabricated suite whose only one is ``content``."""
    with contextlib.chdir(PARAMS.parent):
        table = read_table(Path("params/reported/mine.yaml"), content)
    suite = replace(built.content, reported={"mine": table})
    rows = {group.name: result_rows(suite, group) for group in suite.groups}
    scores = {
        group.name: every_score(group, rows[group.name], main_scores(group, rows[group.name])) for group in suite.groups
    }
    return published_tables(suite, rows, scores), rows, scores


def test_a_table_has_the_papers_rows_and_columns_with_ours_below_each_number(built):
    (table,), rows, scores = tables(built, TABLE)
    group = built.content.groups[0].name
    assert table.title == "Author et al. 2020, Table 1: Probes"
    assert [column.heading for column in table.columns] == ["row", "linear", "conv1", "mAP", "zero-shot", "ours on"]
    linear = rows[group].query(
        "variant == 'simclr' and protocol == 'linear_probe' and metric == 'top1' and layer == ''"
    )
    simclr, rotation, clip, byol = table.rows
    assert simclr[1].text == "92.8"
    assert simclr[1].note.startswith(f"ours {linear['value'].mean():.1f} ± ")
    assert simclr[1].detail == f"{group}/simclr/linear_probe"
    assert ("simclr", "linear_probe") in scores[group]
    assert [cell.text for cell in simclr[3:5]] == ["50.25", "1.0"], "its own decimals where it has more"
    assert rotation[1].text == "\N{EN DASH}"
    assert rotation[1].note.startswith("ours ")
    assert [cell.note for cell in clip[1:5]] == [cell.note for cell in byol[1:5]] == [""] * 4
    assert simclr[5].note == f"{linear['seed'].nunique()} seeds"


def test_each_cell_without_a_number_of_ours_has_its_reason(built):
    (table,), _, _ = tables(built, TABLE)
    assert table.notes[0] == "Published: AlexNet, ImageNet, slide 7. Frozen."
    assert table.notes[-4:] == [
        "No boxes here: mAP.",
        "Not evaluated in this suite: SimCLR (theirs) (zero-shot).",
        "Not trained in this suite: CLIP (theirs).",
        "Not implemented here: BYOL.",
    ]


def test_a_row_without_any_number_of_ours_is_named_once(built):
    columns = {name: {**TABLE["columns"]["zero"], "title": name} for name in ("one", "two")}
    rows = [{"title": "SimCLR et al.", "run": "simclr", "values": {"one": 1.0, "two": 2.0}}]
    (table,), _, _ = tables(built, {**TABLE, "columns": columns, "rows": rows})
    assert table.notes[-1] == "Not evaluated in this suite: SimCLR et al."


def test_the_first_alternative_that_was_measured_counts(built):
    alternatives = [{"evaluation": "zero_shot", "metric": "top1"}, LINEAR]
    (table,), _, _ = tables(
        built, {**TABLE, "columns": {**TABLE["columns"], "linear": {"title": "l", "ours": alternatives}}}
    )
    assert table.rows[0][1].note.startswith("ours ")


def test_a_table_without_a_number_of_ours_has_no_column_for_it(built):
    rows = [{**row, "run": []} for row in TABLE["rows"]]
    (table,), _, _ = tables(built, {**TABLE, "rows": rows})
    assert "ours on" not in [column.heading for column in table.columns]
    assert all(not cell.note for row in table.rows for cell in row)


def test_tables_without_a_number_of_ours_come_last(built):
    """Slide 7 would come before slide 9."""
    with contextlib.chdir(PARAMS.parent):
        ours = read_table(Path("mine.yaml"), {**TABLE, "slides": [9]})
        none = read_table(Path("none.yaml"), {**TABLE, "id": "none", "rows": [TABLE["rows"][-1]]})
    content = replace(built.content, reported={"none": none, "mine": ours})
    rows = {group.name: result_rows(content, group) for group in content.groups}
    assert [table.name for table in published_tables(content, rows, {name: {} for name in rows})] == ["mine", "none"]


def test_one_row_stands_beside_a_method():
    chosen = [
        (table["kind"], run)
        for table in REPORTED.values()
        for row in table["rows"]
        if row["beside"]
        for run in runs_of(row, row["beside"])
    ]
    assert chosen
    assert max(Counter(chosen).values()) == 1, "two rows stand beside one method"


@pytest.mark.parametrize(
    ("variant", "kind", "text"),
    [
        ("random", "paper", "72.50"),
        ("simclr", "paper", "94.0"),
        ("simclr_resnet18", "paper", "94.0"),
        ("simclr-no-colour", "paper", ""),
        ("moco_v2", "paper", "67.5"),
        ("moco_v2", "peer", "92.94"),
        ("supervised", "peer", ""),
        ("context_encoder_reconstruction", "paper", "21.0"),
        ("context_encoder_adversarial", "paper", ""),
        ("colorization_regression", "paper", ""),
        ("split_brain_depth", "paper", ""),
        ("cpc_image_resnet18", "paper", "48.7"),
    ],
)
def test_the_number_beside_a_variant(variant, kind, text):
    cell = reported_cell(REPORTED, variant, kind)
    assert cell.text == text
    assert bool(cell.note) == bool(text), "a number says of what data and encoder it is"


def test_a_number_has_its_papers_decimals_and_its_column_the_unit():
    table = REPORTED["ctxenc_t1_inpainting"]
    assert number(table, table["rows"][-1], "psnr_db") == "18.58"
    assert table["columns"]["psnr_db"]["unit"] == "dB"
    assert number(table, table["rows"][-1], "mean_L1_pct") == "9.37"


def test_references_name_each_paper_once(built):
    lines = [text for text, _ in references(built.content)]
    assert sum("2002.05709" in line for line in lines) == 1
    assert "dkobak/simclr-cifar10" in lines


def test_the_number_below_a_published_one_opens_its_record(built):
    (table,), _, _ = tables(built, TABLE)
    page = environment().get_template("table.html").module.table(table)
    cell = table.rows[0][1]
    assert f'<span class="text">92.8</span><small><button type="button" data-record="{cell.detail}"' in page
    assert f">{cell.note}</button></small>" in page
