"""The report of a group of sound: its columns, its tables by layer, its figures."""

import json
from dataclasses import replace

import pytest

from selfsup.config.shown import Figure
from selfsup.report.details import every_score, records
from selfsup.report.figures.points import scatter
from selfsup.report.figures.training import steps
from selfsup.report.metric_table import families, metric_table
from selfsup.report.rows import result_rows
from selfsup.report.scores import main_columns, main_scores
from selfsup.results import Measure, write_measures
from tests.report.fabricate import content, group_of, protocol

PROTOCOLS = [
    protocol("frame_content", "frame_probe", title="content, per frame"),
    protocol("frame_speaker", "frame_probe", title="speaker, per frame"),
    protocol("utterance_speaker", "utterance_probe", title="speaker, per utterance"),
]


@pytest.fixture(scope="module")
def sound(tmp_path_factory):
    """The fabricated scenes as if they were sound: simclr reads content well, moco_v2 the speaker, random neither."""
    folder = tmp_path_factory.mktemp("sound")
    whole = content(folder)
    group = whole.groups[0]
    members = []
    for member in group.members:
        paths = {}
        for one in PROTOCOLS:
            value = 40.0 + 20 * (member.variant == {"frame_content": "simclr"}.get(one.name, "moco_v2")) + member.seed
            by_layer = [Measure("top1", "%", value - n, 50, layer=f"conv{2 - n}") for n in (1, 0)]
            top1 = Measure("top1", "%", value, 50, boot_low=value - 3, boot_high=value + 3)
            paths["voice", one.name] = folder / f"{member.variant}-{member.seed}-{one.name}.json"
            measures = [top1, *(by_layer if one.evaluation == "frame_probe" else []), Measure("penalty", "", 0.01, 50)]
            write_measures(paths["voice", one.name], measures)
        members.append(replace(member, measures=paths))
    return replace(whole, groups=[group_of("voice", members, PROTOCOLS, group.roles)])


def test_every_probe_is_a_column_of_the_main_table(sound):
    group = sound.groups[0]
    names = [scoring.title for scoring, _ in main_columns(group, result_rows(sound, group))]
    assert names == ["content, per frame", "speaker, per frame", "speaker, per utterance"]


def test_both_probes_of_frames_share_a_table_by_layer_with_records_behind(sound):
    group = sound.groups[0]
    rows = result_rows(sound, group)
    (table,) = [t for t in (metric_table(group, family, rows) for family in families(group, rows)) if t.rows]
    assert [column.key for column in table.columns] == ["method", "protocol", "conv1", "conv2"]
    assert {row[1].text for row in table.rows} == {"content, per frame", "speaker, per frame"}
    found = records(group, rows, every_score(group, rows, main_scores(group, rows)))
    details = [cell.detail for row in table.rows for cell in row[2:]]
    assert len(details) == 4 * len(group.variants)
    assert set(details) <= set(found)
    assert found[f"{group.name}/simclr/frame_content/conv2"]["seeds"][0][1] == "60.00"


def test_one_protocol_alone_is_no_scatter(built):
    group = built.content.groups[0]
    family = families(group, built.rows())[0]
    assert scatter(group, family, Figure(kind="scatter", metric="top1"), built.rows()) is None
    assert steps(group) is None


def test_what_is_said_and_who_speaks_have_a_place_each(sound):
    group = sound.groups[0]
    rows = result_rows(sound, group)
    plot = scatter(group, families(group, rows)[0], Figure(kind="scatter", metric="top1"), rows)
    assert plot is not None
    for variant in group.variants:
        assert group.title(variant) in plot.svg
    assert "speaker, per frame, %" in plot.svg
    assert "3 seeds" in plot.caption


def test_predictions_by_step_are_drawn_where_they_were_logged(sound):
    group = sound.groups[0]
    for member in group.members:
        if member.variant == "simclr":
            lines = ["step,epoch,images,loss,learning_rate,accuracy_step_1,accuracy_step_2"]
            lines += [f"{n},0.1,{n},1.0,0.1,{0.5 + 0.01 * member.seed},0.25" for n in range(20)]
            (member.run / "curves.csv").write_text("\n".join(lines) + "\n")
    plot = steps(group)
    assert plot is not None
    assert "SimCLR" in plot.svg
    assert "MoCo v2" not in plot.svg
    json.dumps(plot.caption)
