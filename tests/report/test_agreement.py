"""Orders of methods by two columns: Kendall's tau by counting pairs, and what has too few methods."""

import itertools
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from selfsup.report import agreement
from selfsup.report.agreement import agreement_table
from selfsup.report.rows import result_rows
from selfsup.report.scores import columns, main_scores


@pytest.fixture
def scores(built):
    """The main table of the group on scenes."""
    group = built.content.groups[0]
    return group, main_scores(group, result_rows(built.content, group))


def tau_b(a, b):
    """Concordant less discordant pairs, over the root of the pairs that are no tie in one times those in the other."""
    signs = [(np.sign(a[i] - a[j]), np.sign(b[i] - b[j])) for i, j in itertools.combinations(range(len(a)), 2)]
    untied = [sum(sign[n] != 0 for sign in signs) for n in (0, 1)]
    return sum(x * y for x, y in signs) / np.sqrt(untied[0] * untied[1])


def of(values, scores):
    """Return the scores with the mean of each variant in a column by a function of (column, its position)."""
    changed = {}
    positions: dict[str, int] = {}
    for (variant, key), score in scores.items():
        number = positions[key] = positions.get(key, -1) + 1
        rows = score.rows.assign(value=float(values(key, number))) if score.interval else score.rows
        changed[variant, key] = replace(score, rows=rows)
    return changed


def cell(table, row, column):
    keys = [heading.key for heading in table.columns]
    return table.rows[keys.index(row) - 1][keys.index(column)]


def test_tau_is_that_of_all_pairs_with_ties(scores, monkeypatch):
    monkeypatch.setattr(agreement, "FEWEST", 4)
    group, measured = scores
    random = np.random.default_rng(0)
    drawn = {key: random.integers(0, 4, 20) for key in columns(measured)}
    table = agreement_table(group, of(lambda key, n: drawn[key][n], measured))
    methods = [n for n, variant in enumerate(group.variants) if not group.anchor(variant)]
    found = cell(table, "linear_probe", "knn")
    assert found.value == pytest.approx(tau_b(drawn["linear_probe"][methods], drawn["knn"][methods]))
    assert found.text == f"{found.value:.2f}".replace("-", "\N{MINUS SIGN}")
    assert cell(table, "knn", "linear_probe").value == pytest.approx(found.value)
    assert cell(table, "knn", "knn").text == ""


def test_the_same_order_is_one_and_the_reverse_minus_one(scores, monkeypatch):
    monkeypatch.setattr(agreement, "FEWEST", 4)
    group, measured = scores
    table = agreement_table(group, of(lambda key, n: -n if key == "knn" else n, measured))
    assert cell(table, "linear_probe", "knn").value == pytest.approx(-1)
    assert cell(table, "linear_probe", "few_labels_frozen@0.1").value == pytest.approx(1)
    heading = next(column for column in table.columns if column.key == "few_labels_frozen@0.1")
    assert heading.note == "10 % of labels"


def test_too_few_methods_have_no_order(scores, monkeypatch):
    monkeypatch.setattr(agreement, "FEWEST", 99)
    assert agreement_table(*scores).rows == []


def test_anchors_do_not_count(scores, monkeypatch):
    monkeypatch.setattr(agreement, "FEWEST", 4)
    group, measured = scores
    every = of(lambda key, n: n, measured)
    anchors = {variant for variant in group.variants if group.anchor(variant)}
    changed = {
        key: replace(score, rows=pd.DataFrame(score.rows).assign(value=1000.0))
        if key[0] in anchors and score.interval
        else score
        for key, score in every.items()
    }
    assert agreement_table(group, changed).rows == agreement_table(group, every).rows
