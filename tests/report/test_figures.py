"""Figures are the same bytes each time, fit into their page, and show only what was measured."""

import html
import re
import xml.etree.ElementTree as ElementTree
from dataclasses import replace

import pytest

from selfsup.report.figures.lines import in_two_lines
from selfsup.report.figures.style import INK, Plot, palette
from selfsup.report.figures.training import read_curves, training
from selfsup.report.scores import main_scores
from selfsup.report.sections import section


@pytest.fixture(scope="module")
def plots(built):
    group, rows = built.content.groups[0], built.rows()
    return section(built.content, group, rows, main_scores(group, rows)).plots


def test_figures_are_the_same_bytes_each_time_and_have_no_date(built, plots):
    names = {
        "linear_probe-bars",
        "linear_probe-top1-by-layer",
        "few_labels_frozen-top1-by-label_fraction",
        "pretext-bars",
    }
    assert {f"scenes-{name}" for name in names} <= {plot.name for plot in plots}
    for plot in plots:
        assert (built.folder / "figures" / f"{plot.name}.svg").read_text() == plot.svg
        assert "metadata" not in plot.svg
        ElementTree.fromstring(plot.svg)


def test_inside_a_page_ids_are_unique_and_the_text_colour_is_the_pages(plots):
    inline = "".join(plot.inline for plot in plots)
    ids = re.findall(r'\bid="([^"]+)"', inline)
    assert len(ids) == len(set(ids)) > 100
    used = set(re.findall(r'(?:url\(|href=")#([^)"]+)', inline))
    assert used
    assert used <= set(ids)
    assert INK not in inline
    assert "http" not in inline


def test_without_measures_only_training_is_plotted(built):
    group, empty = built.content.groups[0], built.rows().iloc[:0]
    plots = section(built.content, group, empty, main_scores(group, empty)).plots
    assert plots == training(group)


def test_an_untrained_run_has_no_curves(built):
    assert "random" not in set(read_curves(built.content.groups[0])["variant"])


def test_variants_differ_in_colour(built):
    colours = palette(built.content.groups[0])
    assert len(set(colours.values())) == len(colours)


def test_of_two_objectives_the_first_loss_is_plotted(tmp_path, built):
    group = built.content.groups[0]
    run = tmp_path / "run"
    run.mkdir()
    curves = "step,images,generator_loss,generator_metric,discriminator_loss\n1,10,3.5,0.1,0.7\n2,20,2.5,0.2,0.6\n"
    (run / "curves.csv").write_text(curves)
    alone = replace(group, members=[replace(group.members[0], run=run)])
    assert read_curves(alone)["loss"].tolist() == [3.5, 2.5]


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("SimCLR, no colour", "SimCLR, no colour"),
        ("Context encoder (reconstruction)", "Context encoder\n(reconstruction)"),
        ("simclr-linear-batch-32-epochs-6", "simclr-linear-\nbatch-32-epochs-6"),
        ("averyveryverylongname", "averyveryverylongname"),
    ],
)
def test_a_long_name_is_broken_into_two_lines(name, shown):
    assert in_two_lines(name) == shown


def test_a_caption_is_text_in_the_page_whatever_it_holds():
    """Names of a user's runs and sources of their tables come into captions."""
    hostile = '"><script>alert(1)</script><svg aria-label="'
    inline = Plot("a", hostile, '<svg width="10pt"></svg>').inline
    assert "<script>" not in inline
    assert html.unescape(re.search(r'aria-label="([^"]*)"', inline)[1]) == hostile
