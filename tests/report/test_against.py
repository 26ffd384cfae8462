"""The pretext task against what it is for: a point per run, at its skill above an untrained network."""

from dataclasses import replace

import pytest

from selfsup.report.figures.against import _correlation, _points, _values, against


@pytest.fixture
def pretext(built):
    (scoring,) = [s for s in built.content.groups[0].scorings if s.protocol.evaluation == "pretext"]
    (spec,) = [figure for figure in scoring.protocol.shown.figures if figure.kind == "against"]
    return scoring, spec


@pytest.fixture
def probe(built):
    (scoring,) = [s for s in built.content.groups[0].scorings if s.protocol.name == "linear_probe"]
    return scoring


def test_a_panel_for_each_probe_with_a_point_per_run(built, pretext):
    scoring, spec = pretext
    group, rows = built.content.groups[0], built.rows()
    plot = against(group, scoring, spec, rows)
    assert plot.name == "scenes-pretext-pretext_skill-against-linear_probe"
    assert ">SimCLR, no colour<" in plot.svg
    assert ">Random initialization<" not in plot.svg  # it has no task
    assert "a point is a run" in plot.caption
    assert against(group, scoring, spec, rows[rows["variant"].isin(["simclr", "rotation"])]) is None


def test_the_rank_correlation_is_of_the_means_of_self_supervised_methods(built, probe):
    group = built.content.groups[0]
    falling = {
        "simclr": [(1.0, 9.0), (2.0, 9.0)],
        "rotation": [(5.0, 4.0)],
        "moco_v1": [(6.0, 3.0)],
        "moco_v2": [(7.0, 2.0)],
        "simclr-no-colour": [(9.0, 1.0)],
        "supervised": [(9.0, 9.0)],
    }
    sentence = _correlation(group, probe, falling)
    assert sentence == "Rank correlation with the linear probe over 5 self-supervised methods: \N{MINUS SIGN}1.00."
    assert _correlation(replace(group, roles={**group.roles, "simclr": "floor"}), probe, falling) == ""


def test_a_run_that_other_seeds_score_is_no_point(built, pretext, probe):
    scoring, spec = pretext
    group, rows = built.content.groups[0], built.rows()
    skill = {"simclr": _values(group, scoring, spec.metric, rows, "simclr"), "rotation": {7: 50.0}}
    assert {name: len(points) for name, points in _points(group, skill, probe, rows).items()} == {"simclr": 3}
