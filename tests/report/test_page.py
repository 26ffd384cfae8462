"""The page without a browser: its numbers, their records, and nothing from a network."""

import json
import re
from html.parser import HTMLParser

import pytest
from scipy import stats

from selfsup.report.build import page as html_page
from selfsup.report.main_table import DASH
from selfsup.report.tables import Table


class Cells(HTMLParser):
    """Collects the text of every element that opens a record, by the record's name."""

    def __init__(self) -> None:
        super().__init__()
        self.texts: dict[str, str] = {}
        self.name = ""

    def handle_starttag(self, tag, attributes):
        self.name = dict(attributes).get("data-record", "")

    def handle_data(self, data):
        if self.name and not data.startswith("ours "):  # below a published number: of the same record
            self.texts[self.name] = self.texts.get(self.name, "") + data

    def handle_endtag(self, tag):
        self.name = ""


@pytest.fixture(scope="module")
def page(built):
    return (built.folder / "index.html").read_text()


@pytest.fixture(scope="module")
def cells(page):
    parser = Cells()
    parser.feed(page)
    return parser.texts


def records(page):
    return json.loads(re.search(r'<script type="application/json" id="records">(.*?)</script>', page, re.S)[1])


@pytest.mark.parametrize("variant", ["random", "rotation", "moco_v2"])
def test_numbers_equal_those_computed_by_hand(built, cells, variant):
    paths = [m.measures["scenes", "knn"] for m in built.content.groups[0].members if m.variant == variant]
    values = [json.loads(path.read_text())["measures"][0]["value"] for path in paths]
    half = stats.t.ppf(0.975, 2) * stats.sem(values)
    assert cells[f"scenes/{variant}/knn"] == f"{sum(values) / 3:.1f} ± {half:.1f}"


def test_one_seed_prints_no_interval(built, cells):
    (path,) = [m.measures["cifar10-10k", "knn"] for m in built.content.groups[1].members if m.variant == "simclr"]
    value = json.loads(path.read_text())["measures"][0]["value"]
    assert cells["cifar10-10k/simclr/knn"] == f"{value:.1f}"


def test_every_number_has_a_record_with_its_seeds(page, cells):
    found = records(page)
    assert set(cells) == set(found)
    record = found["scenes/simclr/linear_probe"]
    assert [seed[0] for seed in record["seeds"]] == ["0", "1", "2"]
    lines = dict(record["lines"])
    assert lines["gradient norm"] == "4.2e-06, 4.2e-06, 4.2e-06"
    assert lines["penalty"].startswith("0.1 (conv")
    assert lines["run"] == ", ".join(f"data/runs/simclr-s1a2b3c4d/s{seed}" for seed in range(3))
    assert lines["features"] == lines["run"].replace("data/runs", "data/features")
    assert lines["data"] == "data/prepared/scenes-9f8e7d6c"
    assert lines["trace seed 2"] == "selfsup trace data/results/simclr-evaluations-s5e6f7a8b/s2"
    assert lines["protocol"].startswith("evaluation = linear_probe; penalties = ")
    assert lines["code"] == "src/selfsup/evaluations/linear_probe.py"


def test_a_missing_cell_says_why(page, cells):
    name = "scenes/simclr-no-colour/fine_tune@0.01"
    assert cells[name] == DASH
    assert dict(records(page)[name]["lines"])["no number"] == "not evaluated in this suite"
    assert page.count(f"A dash ({DASH}) means not evaluated in this suite.") == 2  # groups, each with one main table
    assert "Does not apply: the method has no pretext task (Random initialization, Supervised)." in page


def test_nothing_is_loaded_from_a_network(page):
    loads = re.findall(r'<(?:script|link|img|iframe|source)[^>]*\b(?:src|href)="([^"]*)"', page)
    assert loads
    assert all(address.startswith("data:") for address in loads)
    assert not re.search(r"@import|url\(\s*['\"]?(?:https?:)?//|\bfetch\(|XMLHttpRequest|import\(", page)


def test_ids_are_unique(page):
    ids = re.findall(r'<[^>]*\sid="([^"]+)"', page)
    assert len(ids) == len(set(ids))


def test_json_cannot_end_its_script():
    lists = {key: [] for key in ("summary", "sections", "topics", "shared", "provenance", "references")}
    overview = Table("overview", "", [], [])
    text = html_page({**lists, "overview": overview, "title": "t", "recipes": {}, "records": {"a": "</script><b>"}})
    assert text.count("</script>") == 3
    assert records(text) == {"a": "</script><b>"}
