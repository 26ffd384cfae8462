"""Two protocols of one evaluation are two measurements, never seeds of one."""

import json
from dataclasses import replace

import pytest

from selfsup.report.content import Content
from selfsup.report.details import every_score, records
from selfsup.report.overview import overview
from selfsup.report.rows import result_rows
from selfsup.report.scores import main_scores
from selfsup.report.sections import section
from tests.report.fabricate import protocol, with_measures, with_protocols

SECOND = {"strict_probe": "linear_probe", "strict_pretext": "pretext"}
PROTOCOLS = [protocol(name, evaluation, penalties=[1.0]) for name, evaluation in SECOND.items()]


@pytest.fixture(scope="module")
def twice(built, tmp_path_factory) -> Content:
    """The first group with a second linear probe and a second pretext protocol, whose numbers are all lower."""
    folder = tmp_path_factory.mktemp("second")
    group = built.content.groups[0]
    members = []
    for member in group.members:
        added = {}
        for second, first in SECOND.items():
            content = json.loads(member.measures["scenes", first].read_text())
            lower = [{**m, "value": m["value"] / 2} for m in content["measures"]]
            added[second] = folder / f"{member.variant}-{member.seed}-{second}.json"
            added[second].write_text(json.dumps({**content, "measures": lower}))
        members.append(with_measures(member, added, "scenes"))
    return replace(built.content, groups=[with_protocols(replace(group, members=members), *PROTOCOLS)])


def test_both_stand_in_one_table_and_each_has_bars_of_its_own(twice):
    group = twice.groups[0]
    rows = result_rows(twice, group)
    found = section(twice, group, rows, main_scores(group, rows))
    table = next(table for table in found.tables if table.name == "linear_probe-scenes")
    assert len(table.rows) == 2 * len(group.variants)
    first, second = ([row for row in table.rows if row[1].text == name] for name in ("linear probe", "strict probe"))
    assert [row[2].value / 2 for row in first] == pytest.approx([row[2].value for row in second])
    assert {f"scenes-{name}-bars" for name in ("linear_probe", "strict_probe", "pretext", "strict_pretext")} <= {
        plot.name for plot in found.plots
    }


def test_each_is_a_column_of_its_own(twice):
    group = twice.groups[0]
    found = main_scores(group, result_rows(twice, group))
    first, second = found["simclr", "linear_probe"], found["simclr", "strict_probe"]
    assert second.interval.mean == pytest.approx(first.interval.mean / 2)


def test_records_hold_one_number_a_seed_and_the_modules_name(twice):
    group = twice.groups[0]
    rows = result_rows(twice, group)
    found = records(group, rows, every_score(group, rows, main_scores(group, rows)))
    assert len(found["scenes/simclr/linear_probe/conv1"]["seeds"]) == 3
    assert len(found["scenes/rotation/pretext/pretext_accuracy"]["seeds"]) == 3
    assert dict(found["scenes/simclr/strict_probe"]["lines"])["code"] == "src/selfsup/evaluations/linear_probe.py"
    assert set(rows[rows["protocol"] == "strict_probe"]["evaluation"]) == {"linear_probe"}


def test_a_protocol_of_another_name_is_still_the_headline(twice):
    group = twice.groups[0]
    group = replace(group, targets=[replace(group.targets[0], protocols=[PROTOCOLS[0]])])
    rows = result_rows(twice, group)
    found = main_scores(group, rows)
    (row,) = overview([group], {group.name: found}, {group.name: rows}, {}).rows
    assert row[1].text == "strict probe"
