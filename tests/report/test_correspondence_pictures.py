"""Correspondences in the report: tables, the distribution of errors, and pictures with marks."""

import csv
import io
import re
from dataclasses import replace

import h5py
import numpy as np
import pytest
from PIL import Image

from selfsup.report.build import build
from selfsup.report.figures.points import curve
from selfsup.report.metric_table import families, metric_table
from selfsup.report.pictures import MARKS, MATCH_CAPTIONS, MATCH_PX, pictures
from selfsup.report.rows import result_rows
from selfsup.report.strips import MARGIN_PX
from selfsup.results import Measure, write_measures
from tests.report.fabricate import protocol, with_measures, with_protocols

PAIRS, SIZE_PX = 3, 16
VARIANTS = ("simclr", "moco_v1")
LEVELS = {"simclr": 8.0, "moco_v1": 12.0}
PROTOCOLS = [protocol("correspondence"), protocol("keypoint_transfer")]


def write_matches(path, level):
    random = np.random.default_rng(0)
    with h5py.File(path, "w") as file:
        for name in ("first", "second", "first_descriptors", "second_descriptors"):
            file[name] = random.integers(60, 90, (PAIRS, 3, SIZE_PX, SIZE_PX), dtype=np.uint8)
        places = np.tile(np.array([[4.0, 8.0], [12.0, 3.0], [np.nan] * 2, [np.nan] * 2], np.float32), (PAIRS, 1, 1))
        file["query"], file["truth"], file["found"] = places, places, places[..., ::-1]
        for name, factor in {"descriptors": 1, "maps": 1.5, "colours": 2, "same_pixel": 3, "chance": 4}.items():
            file[f"errors/{name}"] = np.linspace(0, level * factor, 201, dtype=np.float32)


@pytest.fixture(scope="module")
def content(built, tmp_path_factory):
    """The fabricated suite's first group with two runs of three seeds that are evaluated by correspondence."""
    folder = tmp_path_factory.mktemp("matches")
    group = built.content.groups[0]
    members = []
    for member in group.members:
        if member.variant in VARIANTS:
            place = folder / member.variant / f"s{member.seed}"
            place.mkdir(parents=True)
            level = LEVELS[member.variant] + member.seed
            write_matches(place / "pictures.h5", level)
            found = [Measure("error", "%", level, 200), Measure("error", "%", 1.5 * level, 200, layer="maps")]
            found.append(Measure("error", "%", 2 * level, 200, baseline="colours"))
            two = {"subset": "two_objects"}
            found += [Measure("right_object", "%", 90.0, 100, **two)]
            found += [Measure("right_object", "%", 9.0, 100, baseline="chance", **two)]
            write_measures(place / "correspondence.json", found)
            points = [Measure("error", "%", 12.0, 100), Measure("error", "%", 9.7, 100, baseline="object_middle")]
            write_measures(place / "keypoint_transfer.json", points)
            member = with_measures(member, {one.name: place / f"{one.name}.json" for one in PROTOCOLS}, "scenes")
        members.append(member)
    group = with_protocols(replace(group, members=members), *PROTOCOLS)
    return replace(built.content, groups=[group, built.content.groups[1]])


def tables_of(content):
    group = content.groups[0]
    rows = result_rows(content, group)
    return {table.name: table for table in (metric_table(group, family, rows) for family in families(group, rows))}


def correspondence(group):
    """Return the scoring by correspondence."""
    return next(scoring for scoring in group.scorings if scoring.protocol.name == "correspondence")


def test_the_tables_have_variants_then_baselines(content):
    tables = tables_of(content)
    table = tables["correspondence-scenes"]
    assert [row[0].text for row in table.rows] == ["SimCLR", "MoCo v1", "plain colours, 5 x 5 pixels", "any pixel"]
    assert [column.key for column in table.columns[1:]] == ["error", "error/maps", "right_object/two_objects"]
    assert table.columns[2].note.startswith("layer before the descriptors, % of the diagonal")
    assert [column.heading for column in table.columns][1] == "mean error"
    assert table.rows[0][1].text.startswith("9.0 ± ")
    assert table.rows[2][1].value == pytest.approx(18)
    assert table.rows[3][-1].text.startswith("9.0")
    points = tables["keypoint_transfer-scenes"]
    assert points.rows[-1][0].text == "the object's centroid (oracle)"


def test_the_figure_shows_the_share_within_each_error(content):
    scoring = correspondence(content.groups[0])
    (spec,) = scoring.protocol.shown.figures
    plot = curve(content.groups[0], scoring, spec)
    assert plot.name == "scenes-correspondence-curve"
    for name in ("SimCLR", "MoCo v1", "plain colours, 5 x 5 pixels", "the same pixel", "any pixel"):
        assert f">{name}<" in plot.svg
    assert "3 seeds" in plot.caption
    assert curve(content.groups[1], scoring, spec) is None


def test_a_picture_per_variant_with_marks(content):
    strips = [strip for strip in pictures(content.groups[0]) if strip.name.endswith("-correspondence")]
    assert [strip.name for strip in strips] == [f"scenes-{variant}-correspondence" for variant in VARIANTS]
    assert strips[0].captions == MATCH_CAPTIONS
    pixels = np.asarray(Image.open(io.BytesIO(strips[0].png)))[..., :3]
    cell = MATCH_PX + 2 * MARGIN_PX
    assert pixels.shape == (PAIRS * cell, 4 * cell, 3)
    first, second, *descriptors = (
        pixels[MARGIN_PX : cell - MARGIN_PX, n * cell + MARGIN_PX : (n + 1) * cell - MARGIN_PX] for n in range(4)
    )
    times = MATCH_PX // SIZE_PX
    for image, point, mark in (
        (first, (4, 8), "ring"),
        (second, (4, 8), "ring"),
        (second, (8, 4), "cross"),
        (first, (8, 4), "nothing"),
    ):
        x, y = times * point[0], times * point[1]
        centre, right = image[y, x], image[y, x + 7]
        assert np.array_equal(centre, MARKS[0]) == (mark == "cross")
        assert np.array_equal(right, MARKS[0]) == (mark == "ring")
    assert not any((np.abs(image.astype(int) - 75) > 20).any() for image in descriptors)


def test_a_group_that_is_not_evaluated_has_none(content):
    assert pictures(content.groups[1]) == []
    assert pictures(with_protocols(content.groups[1], *PROTOCOLS)) == []


def test_page_and_paper_hold_them(content, tmp_path):
    build(content, tmp_path)
    text = (tmp_path / "index.html").read_text()
    assert 'id="correspondence-scenes"' in text
    assert "any pixel" in text
    assert (tmp_path / "figures" / "scenes-simclr-correspondence.png").exists()
    assert (tmp_path / "figures" / "scenes-correspondence-curve.svg").exists()
    ids = re.findall(r'<[^>]*\sid="([^"]+)"', text)
    assert len(ids) == len(set(ids))
    with (tmp_path / "results.csv").open() as file:
        found = [row for row in csv.DictReader(file) if row["evaluation"] == "correspondence"]
    assert len(found) == 6 * 5
    assert (tmp_path / "report.pdf").stat().st_size > 10_000
