"""Confusion matrices: shares of each row over all seeds, with the names of the classes."""

import json
import re
from types import SimpleNamespace

import h5py
import numpy as np
import pytest

from selfsup.report.figures import matrices as figures

COUNTS = np.array([[8, 2, 0], [0, 0, 0], [5, 0, 15]])


@pytest.fixture
def scoring(built, tmp_path):
    """A scoring of which two variants have matrices, a later seed with more examples of the same shares."""
    group = built.content.groups[0]
    files = {}
    for member in group.members:
        if member.variant in ("random", "simclr"):
            files[member.variant, member.seed] = file = tmp_path / f"{member.variant}-{member.seed}.h5"
            with h5py.File(file, "w") as stored:
                stored["matrix"] = COUNTS * (1 + member.seed)
                stored.attrs["classes"] = json.dumps(["cat", "<b>dog</b>", "$cow"])
    found = SimpleNamespace(
        pictures=lambda m: files.get((m.variant, m.seed)), slug="x-classes", target=SimpleNamespace(name="animals")
    )
    return group, found


def test_each_row_is_in_percent_of_its_class(scoring):
    shares, classes = figures._shares(*scoring)
    assert list(shares) == [v for v in scoring[0].variants if v in ("random", "simclr")]
    np.testing.assert_allclose(shares["simclr"], [[80, 20, 0], [0, 0, 0], [25, 0, 75]])
    assert classes == ["cat", "<b>dog</b>", "$cow"]


def test_the_figure_has_the_shares_and_the_names(scoring):
    plot = figures.matrices(*scoring)
    written = re.findall(r">([^<>]+)</text>", plot.svg)
    assert [written.count(share) for share in ("80", "20", "25", "75")] == [2, 2, 2, 2]
    assert {"cat", "&lt;b&gt;dog&lt;/b&gt;", "$cow"} <= set(written)
    assert plot.name == f"{scoring[0].name}-x-classes-matrix"
    assert "animals" in plot.caption


def test_many_classes_have_no_names(scoring, monkeypatch):
    monkeypatch.setattr(figures, "NAMED", 2)
    monkeypatch.setattr(figures, "WRITTEN", 2)
    written = re.findall(r">([^<>]+)</text>", figures.matrices(*scoring).svg)
    assert "cat" not in written
    assert "80" not in written


def test_without_pictures_there_is_none(scoring):
    assert figures.matrices(scoring[0], SimpleNamespace(pictures=lambda member: None)) is None
