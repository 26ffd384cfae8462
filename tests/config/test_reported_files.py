"""Published tables: read strictly, and standing where their paper's methods, or the runs that they name, are."""

from pathlib import Path

import pytest

from selfsup.config import suite
from selfsup.config.reported import of_suite, read_table, reported
from selfsup.errors import InputError
from tests.config.changes import changed
from tests.config.locks import lock_missing

TABLE = {
    "id": "mine",
    "title": "Linear evaluation",
    "paper": {"authors": "A. Author", "title": "T", "year": 2020, "arxiv": "2002.05709"},
    "location": "Table 1",
    "dataset": "CIFAR-10",
    "unit": "%",
    "decimals": 1,
    "runs": ["simclr-no-colour"],
    "columns": {"linear": {"title": "linear", "ours": {"evaluation": "linear_probe", "metric": "top1"}}},
    "rows": [{"title": "SimCLR", "run": "simclr", "values": {"linear": 94.0}}],
}
FILE = Path("params/reported/mine.yaml")


@pytest.fixture(autouse=True)
def _project(project):
    """In a copy of the project's parameters."""


@pytest.mark.parametrize(
    ("key", "value", "sentence"),
    [
        ("location", None, "key location is missing; add it"),
        ("id", "other", "key id is other; write mine, the file's name"),
        ("rows", [], "key rows is [], but list should have at least 1 item"),
        ("rows.0.values.linear", "94", "key rows.0.values.linear is '94', but input should be a valid number"),
        (
            "rows.0.values",
            {"liner": 94.0},
            "key rows.0.values has liner, which is no column of the table; did you mean linear",
        ),
        ("rows.0.beside", "knn", "key rows.0.beside is knn, of which the row has no value"),
        ("rows.0.run", "simcrl", "key rows.0.run has simcrl, which is not a run of any suite nor a recipe; did you"),
        ("rows.0.ours", {"metric": "f1"}, "rows.0, column linear compares f1, which is not a metric of linear_probe"),
        ("columns.linear.ours", {"evaluation": "linear_probe"}, "key rows.0, column linear.metric is missing"),
        ("columns.linear.ours.evaluation", "probe", "rows.0, column linear needs probe, which is not a file of"),
        ("rows.0.besides", True, "unknown key rows.0.besides: "),
        ("rows.0.repository", "a/b", "key rows.0.repository is the source of a number; a table with a paper has none"),
        ("paper", None, "key rows.0.repository is the source of a number; add it"),
        ("paper.autors", "A", "unknown key paper.autors: "),
        ("kind", "pear", "key kind is 'pear', but input should be 'paper' or 'peer'"),
        (
            "runs",
            ["simclr-no-color"],
            "key runs has simclr-no-color, which is not a run of any suite nor a recipe; did you",
        ),
    ],
)
def test_a_wrong_reported_table(key, value, sentence):
    read_table(FILE, TABLE)
    with pytest.raises(InputError) as error:
        read_table(FILE, changed(TABLE, key, value))
    assert str(error.value).startswith(f"{FILE}: {sentence}")


def test_a_table_without_a_paper_names_its_runs():
    peers = changed(changed(TABLE, "paper", None), "rows.0.repository", "a/b")
    assert read_table(FILE, peers)["rows"][0]["repository"] == "a/b"
    with pytest.raises(InputError, match="key runs is missing"):
        read_table(FILE, changed(peers, "runs", None))


@pytest.mark.parametrize(
    ("name", "present", "absent"),
    [
        ("quick", {"clip_t11_zeroshot", "peers_cifar10", "poole_infonce_cap"}, {"simclr_t4_losses"}),
        ("ablations", {"simclr_t4_losses", "cpc_t2_ablation", "simclr_t6_linear"}, {"clip_t11_zeroshot", "don_facts"}),
        ("real-small", {"vondrick_t1_davis", "peers_cifar10"}, {"poole_infonce_cap", "moco1_momentum"}),
        ("real", {"cpc_t3_imagenet_top1"}, {"cpc_t1_librispeech", "vondrick_t1_davis"}),
    ],
)
def test_a_table_stands_where_its_methods_are(name, present, absent):
    there = set(of_suite(suite.load(name)))
    assert present <= there
    assert not absent & there


def test_a_cell_is_measured_by_the_first_of_its_runs_protocols_and_keys():
    content = changed(TABLE, "rows.0.run", {"linear": ["simclr", "moco_v2"]})
    content = changed(content, "rows.0.ours", [{"layer": "conv1"}, {"layer": "conv2"}])
    sides = read_table(FILE, content)["rows"][0]["sides"]["linear"]
    assert [(side.run, side.evaluation, side.layer) for side in sides] == [
        *(("simclr", "linear_probe", "conv1"), ("simclr", "linear_probe", "conv2")),
        *(("moco_v2", "linear_probe", "conv1"), ("moco_v2", "linear_probe", "conv2")),
    ]


def test_every_cell_without_a_number_of_ours_can_say_why():
    for name, table in reported().items():
        for row in table["rows"]:
            for column in row["values"]:
                declared = table["columns"][column]
                assert row["sides"][column] or not row["run"] or row["why"] or declared["why"], (
                    f"{name}: {row['title']}, {column}"
                )


def test_every_table_of_the_project_stands_in_some_suite(project):
    lock_missing(project)
    assert set(reported()) == {table for name in suite.names() for table in of_suite(suite.load(name))}
