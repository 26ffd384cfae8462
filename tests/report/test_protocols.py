"""Two protocols of one evaluation are two measurements, never seeds of one."""

import json
from dataclasses import replace

import pytest

from selfsup.report.content import Content
from selfsup.report.details import records
from selfsup.report.figures.linear_probe import linear_probe
from selfsup.report.figures.lines import layers
from selfsup.report.figures.pretext import pretext
from selfsup.report.grids import layers_table, pretext_table
from selfsup.report.headline import scores
from selfsup.report.rows import result_rows
from selfsup.report.summary import sentences

SECOND = {"strict_probe": "linear_probe", "strict_pretext": "pretext"}


@pytest.fixture(scope="module")
def twice(built, tmp_path_factory) -> Content:
    """The first group asked with a second linear probe and a second pretext protocol, whose numbers are all lower."""
    folder = tmp_path_factory.mktemp("second")
    group = built.content.groups[0]
    members = []
    for member in group.members:
        added = {}
        for protocol, first in SECOND.items():
            content = json.loads(member.measures[first].read_text())
            lower = [{**m, "value": m["value"] / 2} for m in content["measures"]]
            added[protocol] = folder / f"{member.variant}-{member.seed}-{protocol}.json"
            added[protocol].write_text(json.dumps({**content, "measures": lower}))
        members.append(replace(member, measures={**member.measures, **added}))
    group = replace(group, members=members, protocols={**group.protocols, **SECOND})
    protocols = {**built.content.protocols, **{p: {"evaluation": e, "l2": 1.0} for p, e in SECOND.items()}}
    return replace(built.content, groups=[group], protocols=protocols)


def test_tables_and_figures_show_the_first_protocol(built, twice):
    before, after = built.content.groups[0], twice.groups[0]
    rows, more = built.rows(), result_rows(twice, after)
    assert len(more) > len(rows)
    for draw in (layers_table, pretext_table, layers, pretext):
        assert draw(after, more) == draw(before, rows)
    assert linear_probe(after, scores(after, more)) == linear_probe(before, scores(before, rows))


def test_each_is_a_column_of_its_own(twice):
    group = twice.groups[0]
    found = scores(group, result_rows(twice, group))
    first, second = found["simclr", "linear_probe"], found["simclr", "strict_probe"]
    assert second.interval.mean == pytest.approx(first.interval.mean / 2)


def test_records_hold_one_number_a_seed_and_the_modules_name(twice):
    group = twice.groups[0]
    rows = result_rows(twice, group)
    found = records(twice, group, rows, scores(group, rows))
    assert len(found["scenes/simclr/linear_probe/conv1"]["seeds"]) == len(group.seeds)
    assert len(found["scenes/rotation/pretext/pretext_accuracy"]["seeds"]) == len(group.seeds)
    assert dict(found["scenes/simclr/strict_probe"]["lines"])["code"] == "src/selfsup/evaluations/linear_probe.py"
    assert set(rows[rows["protocol"] == "strict_probe"]["evaluation"]) == {"linear_probe"}


def test_a_probe_of_another_name_is_still_the_headline(twice):
    group = twice.groups[0]
    group = replace(group, protocols={"strict_probe": "linear_probe"})
    rows = result_rows(twice, group)
    found = scores(group, rows)
    assert linear_probe(group, found) is not None
    (sentence,) = sentences(replace(twice, groups=[group]), {group.name: found}, {group.name: rows}, {})
    assert "has the best self-supervised linear probe" in sentence
