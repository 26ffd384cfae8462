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
    "paper": {"authors": "A. Author", "title": "T", "year": 2020, "arxiv": "2002.05709"},
    "location": "Table 1",
    "dataset": "CIFAR-10",
    "unit": "%",
    "decimals": 1,
    "runs": ["simclr-no-colour"],
    "rows": [{"method": "simclr", "setting": "ResNet-50", "value": 94.0}],
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
        ("rows.0.value", "94", "key rows.0.value is '94', but input should be a valid number"),
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


def test_every_table_of_the_project_stands_in_some_suite(project):
    lock_missing(project)
    assert set(reported()) == {table for name in suite.names() for table in of_suite(suite.load(name))}
