"""Nothing is shown as learned that its seeds do not tell from untrained."""

from dataclasses import replace

import pytest

from selfsup.pipeline.roles import floors
from selfsup.report.floors import NOT_ABOVE, not_above_floor
from selfsup.report.main_table import main_table
from selfsup.report.overview import overview
from selfsup.report.scores import main_scores
from selfsup.store.graph import graph
from tests.report.test_headline import table

FLOORS = {name: ["random"] for name in ("a", "b", "c")}
NOISY = {"random": [20.0, 21, 22], "a": [25.0, 26, 28], "b": [19.0, 24, 22], "c": [10.0, 11, 12.5]}


def marked(values, floors=FLOORS):
    group, rows = table(values)
    group = replace(group, floors=floors)
    column = list(main_scores(group, rows).values())
    return {name: floor.variant for name, floor in not_above_floor(group, column).items()}


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (NOISY, {"b", "c"}),
        ({"random": [20.0], "a": [20.5], "b": [19.5]}, {"b"}),  # one seed: only the order
        ({"a": [25.0, 26, 28]}, set()),  # no floor
    ],
)
def test_what_is_not_above_its_floor(values, expected):
    assert set(marked(values)) == expected


def test_the_most_similar_floor_that_was_measured_counts():
    values = {"random": [10.0, 11, 12.2], "c": [24.0, 27, 26], "a": [25.0, 26, 28]}
    assert marked(values, floors={"a": ["c", "random"]}) == {"a": "c"}
    assert marked(values, floors={"a": ["b", "random"]}) == {}


def test_the_table_says_so_in_the_cell_and_below(built):
    group, rows = replace(built.content.groups[0], floors={"moco_v1": ["random"], "rotation": ["random"]}), built.rows()
    probe = rows["protocol"] == "linear_probe"
    values = rows.loc[probe & (rows["variant"] == "random"), "value"].to_numpy()
    rows.loc[probe & (rows["variant"] == "moco_v1"), "value"] = values
    scores = main_scores(group, rows)
    found = main_table(group, scores)
    notes = {row[0].text: row[1].note for row in found.rows}
    assert {name for name, note in notes.items() if note} == {"MoCo v1"}
    assert notes["MoCo v1"] == NOT_ABOVE
    assert any("paired difference from Random initialization" in note for note in found.notes)
    plain = main_table(built.content.groups[0], scores)
    assert not any(NOT_ABOVE in note.lower() for note in plain.notes)


def test_the_overview_says_so_of_the_best(built):
    rows = {group.name: built.rows(n) for n, group in enumerate(built.content.groups)}
    group = replace(built.content.groups[0], floors={"rotation": ["supervised"]})
    scores = {group.name: main_scores(group, rows[group.name])}
    (row, *_) = overview([group], scores, rows, {}).rows
    assert any(cell.note == f"Rotation, {NOT_ABOVE}" for cell in row)


def test_floors_of_a_suite_are_first_of_the_same_method_then_of_the_same_input(project):
    first = {name: of[0] for name, of in floors(graph("smoke").suite.groups[0]).items()}
    assert first["rotation"] == first["simclr"] == first["colorization"] == "random"
    assert first["split_brain_depth"] == "random_depth"
    assert not {"random", "supervised"} & first.keys()
