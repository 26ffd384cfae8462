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

from selfsup.report.ablations import ablation_table, points
from selfsup.report.build import build
from selfsup.report.comparisons import IMAGES, comparisons
from selfsup.report.figures.ablation import ablation
from selfsup.report.figures.infonce_bound import infonce_bound
from selfsup.report.figures.label_curve import label_curve
from selfsup.report.figures.lines import few_labels, layers
from selfsup.report.figures.training import training
from selfsup.report.gallery import MARGIN_PX
from selfsup.report.headline import scores
from selfsup.report.infonce_bound import estimates, infonce_bound_table
from selfsup.report.label_curve import label_curve_table
from selfsup.report.provenance import provenance, recipes
from selfsup.report.quality import quality_tables
from selfsup.report.rows import experiment_rows, result_rows
from selfsup.report.sections import section
from tests.report import fabricate_images
from tests.report.fabricate_images import COLOURING, FILLING, LOSSES, WIDTHS


@pytest.fixture(scope="module")
def content(built):
    return built.content


@pytest.fixture(scope="module")
def rows(built):
    return built.rows()


@pytest.fixture(scope="module")
def page(built):
    return built.folder


def mean(rows, variant, protocol, metric):
    same = (rows["variant"] == variant) & (rows["protocol"] == protocol) & (rows["metric"] == metric)
    return rows[same]["value"].mean()


def test_quality_tables_have_variants_then_the_first_ones_baselines(content, rows):
    inpainting, colour = quality_tables(content.groups[0], rows)
    assert [row[0].text for row in inpainting.rows] == [
        *FILLING,
        "nearest neighbour, learned features",
        "nearest neighbour, HOG",
        "mean colour",
    ]
    assert [row[0].note for row in inpainting.rows] == ["", "", *["baseline, beside moco_v1"] * 3]
    psnr = mean(rows, "moco_v2", "inpainting", "psnr")
    assert inpainting.rows[1][3].text.startswith(f"{psnr:.2f} ± ")
    assert [column.note.split(",")[0] for column in inpainting.columns[1:4]] == ["%", "%", "dB"]
    learned = mean(rows, "moco_v1", "inpainting", "l2_nearest_learned")
    assert inpainting.rows[2][2].value == pytest.approx(learned)
    original = colour.rows[-1]
    assert [cell.text for cell in original] == ["the original", "", "", "34.00 ± 0.00"]


def test_a_group_without_predictions_shows_none(content):
    group = content.groups[1]
    rows = result_rows(content, group)
    assert quality_tables(group, rows) == []
    assert comparisons(group) == []
    assert label_curve(content, group, rows) is None
    assert label_curve_table(content, group, rows).rows == []


def test_what_has_a_table_of_its_own_is_no_column(content, rows):
    group = content.groups[0]
    asked = {**group.protocols, "colorization_2": "colorization"}  # asked, and no run has it
    columns = {key for _, key in scores(replace(group, protocols=asked), rows)}
    before = {*(f"{name}@{share:g}" for name in ("few_labels_frozen", "fine_tune") for share in (0.01, 0.1))}
    assert columns == {"linear_probe", "knn", *before}


def test_comparisons_show_the_same_images_side_by_side(content):
    group = content.groups[0]
    fills, colours = comparisons(group)
    assert fills.captions == ["original", "input", *FILLING]
    assert colours.captions == ["original", "input", *COLOURING]
    first = next(member for member in group.members if member.variant == "moco_v2")
    with h5py.File(first.run / "predictions.h5") as file:
        images = {name: array[:] for name, array in file["images"].items()}
    pixels = np.asarray(Image.open(io.BytesIO(fills.png)))
    size = pixels.shape[0] // IMAGES
    cells = pixels.reshape(IMAGES, size, 4, size, 4)[:, MARGIN_PX:-MARGIN_PX:2, :, MARGIN_PX:-MARGIN_PX:2, :3]
    shown = cells.transpose(2, 0, 4, 1, 3)
    assert np.array_equal(shown[0], images["original"][:IMAGES])
    assert np.array_equal(shown[1], images["masked"][:IMAGES])
    assert np.array_equal(shown[3], images["filled"][:IMAGES])


def test_a_method_with_another_mask_shows_its_own_input(content, tmp_path):
    group = content.groups[0]
    place = tmp_path / "predictions.h5"
    other = next(member for member in group.members if member.variant == "moco_v2")
    with h5py.File(other.run / "predictions.h5") as source, h5py.File(place, "w") as file:
        file.attrs["kind"] = "inpainting"
        for name, array in source["images"].items():
            file[f"images/{name}"] = array[:] // 2 if name == "masked" else array[:]
    members = [replace(m, run=tmp_path) if m.variant == "moco_v2" else m for m in group.members]
    (fills, _) = comparisons(replace(group, members=members))
    assert fills.captions == ["original", "input", "moco_v1", "input", "moco_v2"]


def test_the_curve_over_labels_counts_them_by_class(content, rows):
    group = content.groups[0]
    table = label_curve_table(content, group, rows)
    assert [column.heading for column in table.columns[2:]] == ["20", "100", "400"]
    assert [row[0].text for row in table.rows] == ["rotation", "random"]
    assert table.rows[0][2].value == pytest.approx(60, abs=0.5)
    drawing = label_curve(content, group, rows)
    assert ">400<" in drawing.svg
    assert "few_labels_scratch" not in few_labels(group, rows).svg


def test_ablations_join_our_number_and_the_papers(content, rows):
    found = points(WIDTHS, rows)
    assert [(point.line, point.place, point.published) for point in found] == [
        ("non-linear", 32, 63.5),
        ("non-linear", 128, 64.2),
        ("non-linear", 2048, 64.7),
        ("linear", 32, 60.0),
        ("linear", 128, 61.0),
        ("none", 2048, 50.1),
    ]
    assert found[0].interval.mean == pytest.approx(mean(rows, "simclr", "linear_probe", "top1"))
    table = ablation_table(WIDTHS, found)
    assert [cell.text for cell in table.rows[2]] == ["non-linear", "2048", "", "no run", "", "64.7"]
    assert table.rows[3][-1].text == "60.0"
    svg = ablation(WIDTHS, found, 3).svg
    assert "as published" in svg
    assert ">2048<" in svg
    assert "linear probe, %" in svg


def test_a_line_may_be_of_another_evaluation(content, rows):
    found = points(LOSSES, rows)
    assert found[-1].interval.mean == pytest.approx(mean(rows, "simclr", "knn", "top1"))
    assert "published" not in {column.key for column in ablation_table(LOSSES, found).columns}
    svg = ablation(LOSSES, found, 3).svg
    assert "as published" not in svg
    assert "linear probe, %" not in svg  # the axis is of both lines
    assert "top-1 accuracy, %" in svg


def test_an_ablation_of_nothing_measured_is_a_table_only(rows):
    found = points(LOSSES, rows.iloc[:0])
    assert ablation(LOSSES, found, 3) is None
    assert {row[3].text for row in ablation_table(LOSSES, found).rows} == {"not measured"}


def test_the_bound_is_the_smaller_of_information_and_log_n(content):
    found = estimates(experiment_rows(content, "infonce_bound"))
    assert [(e.information, e.batch_size) for e in found] == [(i, n) for i in (2, 6, 10) for n in (16, 64, 256)]
    assert [e.bound for e in found[:4]] == pytest.approx([2, 2, 2, np.log(16)])
    table = infonce_bound_table(found)
    assert table.rows[3][4].text == f"{found[3].critics['estimate_optimal'].mean:.2f} ± " + table.rows[3][4].text[-4:]
    drawing = infonce_bound(found)
    assert drawing.svg.count("nats") >= 4
    assert infonce_bound([]) is None


def test_an_experiments_rows_stand_in_the_results(page):
    with (page / "results.csv").open() as file:
        found = [row for row in csv.DictReader(file) if row["method"] == "infonce_bound"]
    assert len(found) == 3 * 9 * 4
    assert {row["unit"] for row in found} == {"nats"}
    assert {row["run"] for row in found} == {"infonce_bound-experiment-11223344"}


def test_tables_say_what_they_hold(content):
    texts = recipes(content)
    assert "# table: bins 313, mean distance 8.125\n" in texts["rotation on scenes"]
    assert "# table: seed 2: bins 313, mean distance 10.125\n" in texts["simclr on scenes"]
    lines = dict(provenance(content))
    assert lines["table of rotation"] == "bins 313, mean distance 8.125; on scenes"
    assert "table of random" not in lines


def test_the_page_holds_them_all_and_every_number_its_record(page):
    text = (page / "index.html").read_text()
    for name in ('id="ablations"', 'id="experiments"', 'class="comparisons"', 'id="inpainting-scenes"'):
        assert name in text
    assert 'id="ablation-head-width"' in text
    details = set(re.findall(r'data-record="([^"]+)"', text))
    found = json.loads(re.search(r'<script type="application/json" id="records">(.*?)</script>', text, re.S)[1])
    assert details <= set(found)
    assert dict(found["scenes/moco_v1/inpainting/psnr"]["lines"])["mean of n = 3 seeds"].split(" [")[0].endswith(" dB")
    assert "scenes/rotation/few_labels_blocks@400" in details
    ids = re.findall(r'<[^>]*\sid="([^"]+)"', text)
    assert len(ids) == len(set(ids))


def test_a_report_without_ablations_and_experiments_has_no_such_section(content, tmp_path):
    build(replace(content, groups=content.groups[1:], claims={}, summary="", ablations=[], experiments={}), tmp_path)
    text = (tmp_path / "index.html").read_text()
    assert 'id="ablations"' not in text
    assert 'id="experiments"' not in text
    assert 'class="comparisons"' not in text


def test_a_crowd_is_drawn_in_small_multiples(content):
    crowded = fabricate_images.crowded(content, 13)
    group = crowded.groups[0]
    rows = result_rows(crowded, group)
    for draw in (layers, few_labels):
        svg = draw(group, rows).svg
        assert len(re.findall(r">moco_v1_1<", svg)) == 1
        assert ">random<" not in svg  # an anchor stands behind every panel, and has none


def test_more_variants_than_a_page_has_room_for_are_tables(content, monkeypatch):
    monkeypatch.setattr("selfsup.report.sections.MOST_DRAWN", 3)
    group, rows = content.groups[1], result_rows(content, content.groups[1])
    found = section(content, group, rows, scores(group, rows))
    assert {drawing.name for drawing in found.drawings} == {"cifar10-10k-training"}
    assert found.tables[0].rows


def test_training_curves_that_fill_a_page_go_on_in_another_figure(content, monkeypatch):
    monkeypatch.setattr("selfsup.report.figures.training.ACROSS", 2)
    monkeypatch.setattr("selfsup.report.figures.training.BANDS", 2)
    first, second = training(content.groups[0])  # six variants that were trained, four a page: three on each
    assert (first.name, second.name) == ("scenes-training", "scenes-training-1")
    assert [name in first.svg for name in (">simclr<", ">moco_v2<")] == [True, False]
    assert [name in second.svg for name in (">simclr<", ">moco_v2<")] == [False, True]
