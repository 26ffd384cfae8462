"""The report of a group of sound: its columns, its tables by layer, its figures."""

import json
from dataclasses import replace

import pytest

from selfsup.report.details import records
from selfsup.report.figures.frames import frames
from selfsup.report.figures.steps import steps
from selfsup.report.grids import frame_layers_tables
from selfsup.report.headline import evaluations, scores
from selfsup.report.rows import result_rows
from selfsup.results import Measure, write_measures
from tests.report.fabricate import content

PROTOCOLS = {"frame_content": "frame_probe", "frame_speaker": "frame_probe", "utterance_speaker": "utterance_probe"}


@pytest.fixture(scope="module")
def sound(tmp_path_factory):
    """The fabricated scenes as if they were sound: simclr reads content well, moco_v2 the speaker, random neither."""
    folder = tmp_path_factory.mktemp("sound")
    whole = content(folder)
    group = whole.groups[0]
    members = []
    for member in group.members:
        paths = {}
        for protocol, evaluation in PROTOCOLS.items():
            value = 40.0 + 20 * (member.variant == {"frame_content": "simclr"}.get(protocol, "moco_v2")) + member.seed
            by_layer = [Measure("top1_by_layer", "%", value - n, 50, layer=f"conv{2 - n}") for n in (1, 0)]
            top1 = Measure("top1", "%", value, 50, layer="conv2", boot_low=value - 3, boot_high=value + 3)
            paths[protocol] = folder / f"{member.variant}-{member.seed}-{protocol}.json"
            measures = [top1, *(by_layer if evaluation == "frame_probe" else []), Measure("penalty", "", 0.01, 50)]
            write_measures(paths[protocol], measures)
        members.append(replace(member, measures=paths))
    group = replace(group, members=members, protocols=dict(PROTOCOLS))
    protocols = {name: {"evaluation": evaluation, "target": name} for name, evaluation in PROTOCOLS.items()}
    return replace(whole, groups=[group], protocols=protocols)


def test_every_probe_is_a_column_of_the_main_table(sound):
    group = sound.groups[0]
    names = [evaluation.name for evaluation in evaluations(group, result_rows(sound, group))]
    assert names == ["what is said, frame", "who speaks, frame", "who speaks, utterance"]


def test_both_probes_of_frames_have_a_table_by_layer_with_records_behind(sound):
    group = sound.groups[0]
    rows = result_rows(sound, group)
    content_table, speaker_table = frame_layers_tables(group, rows)
    assert [column.key for column in content_table.columns] == ["method", "conv1", "conv2"]
    assert content_table.name != speaker_table.name
    found = records(sound, group, rows, scores(group, rows))
    details = [cell.detail for table in (content_table, speaker_table) for row in table.rows for cell in row[1:]]
    assert len(details) == 4 * len(group.variants)
    assert set(details) <= set(found)
    assert found[f"{group.name}/simclr/frame_content/conv2"]["seeds"][0][1] == "60.00"


def test_groups_without_frames_have_neither_table_nor_figure(built):
    group = built.content.groups[0]
    assert frame_layers_tables(group, built.rows()) == []
    assert frames(group, built.rows()) is None
    assert steps(group) is None


def test_what_is_said_and_who_speaks_have_a_place_each(sound):
    group = sound.groups[0]
    drawing = frames(group, result_rows(sound, group))
    assert drawing is not None
    for variant in group.variants:
        assert variant in drawing.svg
    assert "3 seeds" in drawing.caption


def test_predictions_by_step_are_drawn_where_they_were_logged(sound):
    group = sound.groups[0]
    for member in group.members:
        if member.variant == "simclr":
            lines = ["step,epoch,images,loss,learning_rate,accuracy_step_1,accuracy_step_2"]
            lines += [f"{n},0.1,{n},1.0,0.1,{0.5 + 0.01 * member.seed},0.25" for n in range(20)]
            (member.run / "curves.csv").write_text("\n".join(lines) + "\n")
    drawing = steps(group)
    assert drawing is not None
    assert "simclr" in drawing.svg
    assert "moco_v2" not in drawing.svg
    json.dumps(drawing.caption)
