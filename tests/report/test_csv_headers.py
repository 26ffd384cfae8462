"""What others read from tables: the columns of the CSV files, and the rows and columns that shipped suites ask for."""

import csv

import pytest

from selfsup.store.graph import graph


@pytest.fixture
def read(built):
    def rows(name: str) -> list[list[str]]:
        with (built.folder / "tables" / f"{name}.csv").open(encoding="utf-8") as file:
            return list(csv.reader(file))

    return rows


def test_a_table_of_accuracy_has_probes_examples_and_updates(read):
    head, *rows = read("accuracy-scenes")
    assert head[:3] == ["method", "linear probe (all labels)", "kNN (all labels)"]
    assert {"seeds", "examples (through the encoder)", "updates (steps of training)"} <= set(head)
    assert {len(row) for row in rows} == {len(head)}


def test_the_table_of_claims_has_all_that_a_verdict_hangs_on(read):
    head, *rows = read("claims")
    assert [heading.split(" (")[0] for heading in head] == [
        *("claim", "kind", "source", "published", "our data", "ours", "our difference", "q", "detectable", "seeds"),
        *("written", "verdict"),
    ]
    columns = {heading.split(" (")[0]: [row[n] for row in rows] for n, heading in enumerate(head)}
    assert set(columns["kind"]) <= {"published difference", "order only", "sanity"}
    assert {"before", "after"} >= set(columns["written"])
    measured = [
        n for n, verdict in enumerate(columns["verdict"]) if verdict.split(" (")[0] in ("reproduced", "contradicted")
    ]
    assert measured
    assert all("[" in columns["our difference"][n] and columns["q"][n] != "none" for n in measured)
    assert all(float(columns["detectable"][n]) >= 0 for n in measured)


@pytest.mark.parametrize("suite", ["quick", "real-small"])
def test_tables_of_image_accuracy_have_rows_of_pixels_and_hog_and_columns_of_both_poolings(project, suite):
    groups = [group for group in graph(suite).suite.groups if {"linear_probe", "knn"} <= {*group.evaluations}]
    assert len(groups) >= 2
    for group in groups:
        assert {"pixels", "hog", "random", "supervised"} <= {run.name for run in group.runs}, group.name
        assert "linear_probe_grid" in group.evaluations, group.name
