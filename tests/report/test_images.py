"""What only some runs have (predictions, curves over labels, ablations, experiments) is shown where it is, and only there."""

import csv
import io
import json
import re
from dataclasses import replace

import h5py
import numpy as np
import pytest
from PIL import Image

from selfsup.report.ablations import ablation_plot, ablation_table, points
from selfsup.report.build import build
from selfsup.report.experiments import experiment_plot, experiment_table
from selfsup.report.figures.training import training
from selfsup.report.levels import levels
from selfsup.report.metric_table import families, metric_table
from selfsup.report.provenance import provenance, recipes
from selfsup.report.rows import experiment_rows, numbers, result_rows
from selfsup.report.scores import main_scores
from selfsup.report.sections import section
from selfsup.report.strips import IMAGES, MARGIN_PX, comparisons
from tests.report import fabricate_images
from tests.report.fabricate import protocol, with_protocols
from tests.report.fabricate_images import LOSSES, WIDTHS

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def content(built):
    return built.content


@pytest.fixture(scope="module")
def rows(built):
    return built.rows()


@pytest.fixture(scope="module")
def page(built):
    return built.folder


def mean(rows, variant, protocol, metric, **where):
    return numbers(rows, variant, protocol, metric, **where)["value"].mean()


def tables(group, rows):
    return {t.name: t for t in (metric_table(group, one, rows) for one in families(group, rows)) if t.rows}


def groups(content):
    return {group.name: group for group in content.groups}


def test_tables_of_metrics_have_variants_then_the_first_ones_baselines(content, rows):
    found = tables(content.groups[0], rows)
    inpainting, colour = found["inpainting-scenes"], found["colorization-scenes"]
    assert [row[0].text for row in inpainting.rows] == [
        *("MoCo v1", "MoCo v2"),
        "nearest neighbour, learned features",
        "nearest neighbour, HOG",
        "mean colour",
    ]
    assert [row[0].note for row in inpainting.rows] == ["", "", *["baseline, beside MoCo v1"] * 3]
    psnr = mean(rows, "moco_v2", "inpainting", "psnr")
    assert inpainting.rows[1][3].text.startswith(f"{psnr:.2f} ± ")
    assert [column.note.split(",")[0] for column in inpainting.columns[1:4]] == ["%", "%", "dB"]
    learned = mean(rows, "moco_v1", "inpainting", "l2", baseline="nearest_learned")
    assert inpainting.rows[2][2].value == pytest.approx(learned)
    original = colour.rows[-1]
    assert [cell.text for cell in original] == ["the original", "", "", "34.00 ± 0.00"]


def test_a_group_without_predictions_shows_none(content):
    group = content.groups[1]
    rows = result_rows(content, group)
    assert set(tables(group, rows)) == {"linear_probe-cifar10-10k", "pretext-cifar10-10k"}
    assert comparisons(group) == []


def test_evaluations_without_a_headline_have_no_column(content, rows):
    group = content.groups[0]
    more = with_protocols(group, protocol("colorization_2", "colorization"))  # no run has measures of it
    columns = {key for _, key in main_scores(more, rows)}
    before = {*(f"{name}@{share:g}" for name in ("few_labels_frozen", "fine_tune") for share in (0.01, 0.1))}
    assert columns == {"linear_probe", "knn", *before}


def test_comparisons_show_the_same_images_side_by_side(content):
    group = content.groups[0]
    colours, fills = comparisons(group)
    assert fills.captions == ["input", "MoCo v1", "MoCo v2", "original"]
    assert colours.captions == ["input", "Rotation", "SimCLR", "original"]
    first = next(member for member in group.members if member.variant == "moco_v2")
    with h5py.File(first.run / "predictions.h5") as file:
        images = {name: array[:] for name, array in file["images"].items()}
    pixels = np.asarray(Image.open(io.BytesIO(fills.png)))
    size = pixels.shape[0] // IMAGES
    cells = pixels.reshape(IMAGES, size, 4, size, 4)[:, MARGIN_PX:-MARGIN_PX:2, :, MARGIN_PX:-MARGIN_PX:2, :3]
    shown = cells.transpose(2, 0, 4, 1, 3)
    assert np.array_equal(shown[0], images["masked"][:IMAGES])
    assert np.array_equal(shown[2], images["filled"][:IMAGES])
    assert np.array_equal(shown[3], images["original"][:IMAGES])


def test_methods_with_another_mask_have_a_picture_of_their_own(content, tmp_path):
    group = content.groups[0]
    place = tmp_path / "predictions.h5"
    other = next(member for member in group.members if member.variant == "moco_v2")
    with h5py.File(other.run / "predictions.h5") as source, h5py.File(place, "w") as file:
        file.attrs["kind"] = "inpainting"
        for name, array in source["images"].items():
            file[f"images/{name}"] = array[:] // 2 if name == "masked" else array[:]
    members = [replace(m, predictions=tmp_path) if m.variant == "moco_v2" else m for m in group.members]
    (_, first, second) = comparisons(replace(group, members=members))
    assert (first.name, second.name) == ("scenes-inpainting", "scenes-inpainting-2")
    assert first.captions == ["input", "MoCo v1", "original"]
    assert second.captions == ["input", "MoCo v2", "original"]


def test_the_curve_over_labels_counts_them_by_class(content, rows):
    group = content.groups[0]
    table = tables(group, rows)["few_labels_blocks-scenes"]
    assert [column.heading for column in table.columns[2:]] == [f"{n} labels a class" for n in (20, 100, 400)]
    assert [row[0].text for row in table.rows] == ["Rotation", "Random initialization"]
    assert table.rows[0][2].value == pytest.approx(60, abs=0.5)
    plots = {plot.name: plot.svg for plot in section(content, group, rows, main_scores(group, rows)).plots}
    assert ">400<" in plots["scenes-few_labels_blocks-top1-by-shots"]
    assert "from scratch" in plots["scenes-few_labels_blocks-top1-by-shots"]
    assert "from scratch" not in plots["scenes-few_labels_frozen-top1-by-label_fraction"]


def test_ablations_join_our_number_and_the_papers(content, rows):
    found = points(WIDTHS, {"scenes": rows})
    assert [(point.line, point.position, point.published) for point in found] == [
        ("non-linear", 32, 63.5),
        ("non-linear", 128, 64.2),
        ("non-linear", 2048, 64.7),
        ("linear", 32, 60.0),
        ("linear", 128, 61.0),
        ("none", 2048, 50.1),
    ]
    assert found[0].interval.mean == pytest.approx(mean(rows, "simclr", "linear_probe", "top1"))
    table = ablation_table(WIDTHS, found, {}, groups(content))
    assert [cell.text for cell in table.rows[2]] == ["non-linear", "2048", "", "no run", "", "64.7"]
    assert table.rows[3][-1].text == "60.0"
    svg = ablation_plot(WIDTHS, found, {}, groups(content)).svg
    assert "as published" in svg
    assert ">2048<" in svg
    assert "linear probe, %" in svg


def test_a_line_may_be_of_another_evaluation(content, rows):
    found = points(LOSSES, {"scenes": rows})
    assert found[-1].interval.mean == pytest.approx(mean(rows, "simclr", "knn", "top1"))
    assert "published" not in {column.key for column in ablation_table(LOSSES, found, {}, groups(content)).columns}
    svg = ablation_plot(LOSSES, found, {}, groups(content)).svg
    assert "as published" not in svg
    assert "linear probe, %" not in svg  # the axis is of both lines
    assert "top-1 accuracy, %" in svg


def test_references_are_levels_across_the_figure_and_rows_of_the_table(content, rows):
    with_levels = replace(WIDTHS, references=["random", "supervised"])
    by_name = groups(content)
    of = levels(with_levels, {"scenes": rows}, by_name)
    found = points(with_levels, {"scenes": rows})
    assert of["Random initialization"].mean == pytest.approx(mean(rows, "random", "linear_probe", "top1"))
    plot = ablation_plot(with_levels, found, of, by_name)
    assert ">Random initialization<" in plot.svg
    assert "Grey lines are levels to reach" in plot.caption
    assert "Grey lines" not in ablation_plot(WIDTHS, found, {}, by_name).caption
    table = ablation_table(with_levels, found, of, by_name)
    assert [cell.text for cell in table.rows[-2]][:3] == ["level to reach", "", "Random initialization"]
    assert any(note.startswith("Supervised (") and "not reached by non-linear, linear" in note for note in table.notes)
    assert levels(with_levels, {"scenes": rows.iloc[:0]}, by_name) == {}


def test_a_line_may_have_a_run_of_another_group(content):
    other = content.groups[1]
    both = replace(LOSSES, lines={"h": {"simclr": "here", f"{other.name}/simclr": "there"}}, line_evaluations={})
    by_group = {group.name: result_rows(content, group) for group in content.groups}
    found = points(both, by_group)
    expected = [mean(by_group[group.name], "simclr", "linear_probe", "top1") for group in content.groups[:2]]
    assert [point.interval.mean for point in found] == pytest.approx(expected)
    assert expected[0] != expected[1]
    table = ablation_table(both, found, {}, groups(content))
    assert [row[1].text for row in table.rows] == ["SimCLR"] * 2
    assert f"on scenes and {other.name}" in table.notes[0]


def test_an_ablation_of_nothing_measured_is_a_table_only(content, rows):
    found = points(LOSSES, {"scenes": rows.iloc[:0]})
    assert ablation_plot(LOSSES, found, {}, groups(content)) is None
    assert {row[3].text for row in ablation_table(LOSSES, found, {}, groups(content)).rows} == {"not measured"}


def test_an_experiment_has_a_row_per_condition_and_a_panel_per_subset(content):
    (experiment,) = content.experiments
    found = experiment_rows(content, experiment)
    table = experiment_table(experiment, found)
    assert [[cell.text for cell in row[:2]] for row in table.rows] == [
        [f"{i} nats", str(n)] for i in (2, 6, 10) for n in (16, 64, 256)
    ]
    assert [column.heading for column in table.columns] == [
        *("mutual information", "batch size N", "optimal critic", "learned critic"),
        *("I, the mutual information", "log N"),
    ]
    optimal = found[(found["baseline"] == "optimal_critic") & (found["subset"] == "6_nats") & (found["at"] == 16)]
    assert table.rows[3][2].text.startswith(f"{optimal['value'].mean():.2f} ± ")
    plot = experiment_plot(experiment, found)
    assert plot.svg.count(" nats<") == 3 + 1
    assert experiment_plot(experiment, found.iloc[:0]) is None


def test_an_experiments_rows_stand_in_the_results(page):
    with (page / "results.csv").open() as file:
        found = [row for row in csv.DictReader(file) if row["method"] == "infonce_bound"]
    assert len(found) == 3 * 9 * 4
    assert {row["unit"] for row in found} == {"nats"}
    assert {row["run"] for row in found} == {"infonce_bound-experiment-11223344"}


def test_tables_say_what_they_hold(content):
    texts = recipes(content)
    assert "# table: bins 313, mean distance 8.125\n" in texts["Rotation on scenes"]
    assert "# table: seed 2: bins 313, mean distance 10.125\n" in texts["SimCLR on scenes"]
    lines = dict(provenance(content))
    assert lines["table of Rotation"] == "bins 313, mean distance 8.125; on scenes"
    assert "table of Random initialization" not in lines


def test_the_page_holds_them_all_and_every_number_its_record(page):
    text = (page / "index.html").read_text()
    for name in ('id="ablations"', 'id="experiments"', 'class="comparisons"', 'id="inpainting-scenes"'):
        assert name in text
    assert 'id="ablation-head-width"' in text
    details = set(re.findall(r'data-record="([^"]+)"', text))
    found = json.loads(re.search(r'<script type="application/json" id="records">(.*?)</script>', text, re.S)[1])
    assert details <= set(found)
    assert dict(found["scenes/moco_v1/inpainting/psnr"]["lines"])["mean of n = 3 seeds"].split(" [")[0].endswith(" dB")
    assert "scenes/rotation/few_labels_blocks/top1@400" in details
    ids = re.findall(r'<[^>]*\sid="([^"]+)"', text)
    assert len(ids) == len(set(ids))


def test_a_report_without_ablations_and_experiments_has_no_such_section(content, tmp_path):
    build(replace(content, groups=content.groups[1:], claims={}, summary="", ablations=[], experiments=[]), tmp_path)
    text = (tmp_path / "index.html").read_text()
    assert 'id="ablations"' not in text
    assert 'id="experiments"' not in text
    assert 'class="comparisons"' not in text


def test_a_crowd_is_drawn_in_small_multiples(content):
    crowded = fabricate_images.crowded(content, 13)
    group = crowded.groups[0]
    rows = result_rows(crowded, group)
    plots = {plot.name: plot.svg for plot in section(crowded, group, rows, main_scores(group, rows)).plots}
    for name in ("linear_probe-top1-by-layer", "few_labels_frozen-top1-by-label_fraction"):
        svg = plots[f"scenes-{name}"]
        assert len(re.findall(r">moco_v1_1<", svg)) == 1
        assert ">random<" not in svg  # an anchor stands behind every panel, and has none


def test_variants_that_do_not_fit_into_a_figure_are_in_tables(content, monkeypatch):
    monkeypatch.setattr("selfsup.report.sections.MAX_VARIANTS", 3)
    group, rows = content.groups[1], result_rows(content, content.groups[1])
    found = section(content, group, rows, main_scores(group, rows))
    assert {plot.name for plot in found.plots} == {"cifar10-10k-training"}
    assert found.tables[0].rows


def test_training_curves_that_do_not_fit_on_a_page_have_a_second_figure(content, monkeypatch):
    monkeypatch.setattr("selfsup.report.figures.training.ACROSS", 2)
    monkeypatch.setattr("selfsup.report.figures.training.BANDS", 2)
    first, second = training(content.groups[0])  # six variants that were trained, four a page: three on each
    assert (first.name, second.name) == ("scenes-training", "scenes-training-1")
    assert [name in first.svg for name in (">SimCLR<", ">MoCo v2<")] == [True, False]
    assert [name in second.svg for name in (">SimCLR<", ">MoCo v2<")] == [False, True]
