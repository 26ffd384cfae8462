"""The page's script, in a real browser: state from the address, sorting, filtering, rank, downloads, records."""

import html
import json
import re

import pytest

from selfsup.report.ranking import ranks
from selfsup.report.scores import main_scores
from tests.browser import dump_dom
from tests.report.fabricate import TITLES

pytestmark = pytest.mark.slow

PROBE = """
<script>
const table = tables.find((t) => t.name === "accuracy-scenes");
const head = table.headers.find((h) => h.dataset.key === "knn").querySelector("button");
const body = table.element.tBodies[0];
const order = () => body.innerText && [...body.rows].map((r) => plain(r.cells[1])).join("|");
const report = {};
head.click(); report.first = order();
head.click(); report.second = order();
head.click(); report.third = order();
report.hash = location.hash;
head.click();
const box = table.block.querySelector("input");
box.value = "moco"; box.dispatchEvent(new Event("input"));
report.filtered = decodeURIComponent(location.hash);
report.csv = csv(table);
report.latex = latex(table);
document.querySelector('[data-record="scenes/simclr/knn"]').click();
report.record = document.getElementById("record").innerText;
report.open = document.getElementById("record").matches(":popover-open");
const point = document.querySelectorAll("figure:has(script.behind) g[id*=points-1] use")[26];
point.dispatchEvent(new PointerEvent("pointerover", { bubbles: true }));
report.peek = document.querySelector(".peek").innerText;
report.at = document.querySelector(".peek span").style.backgroundPosition;
report.peeking = !document.querySelector(".peek").hidden;
const shown = (selector) => [...document.querySelectorAll(selector)].filter((e) => e.checkVisibility()).length;
const words = document.querySelector("nav input");
const searched = (value) => { words.value = value; words.dispatchEvent(new Event("input")); };
box.value = ""; box.dispatchEvent(new Event("input"));
report.all = [shown("tbody tr"), shown("figure"), shown("main > section")];
searched("simclr colour");
const rows = [...document.querySelectorAll("tbody tr")];
report.found = rows.filter((r) => r.checkVisibility()).map((r) => r.textContent.toLowerCase());
report.sections = shown("main > section");
report.searched = decodeURIComponent(location.hash);
searched("nothing has this");
report.nothing = [shown("tbody tr"), shown("figure"), shown("main > section")];
searched("");
report.again = [shown("tbody tr"), shown("figure"), shown("main > section")];
const pre = document.createElement("pre");
pre.id = "probe"; pre.textContent = JSON.stringify(report);
document.body.append(pre);
</script>
"""


def body(dom: str, name: str) -> list[str]:
    """Return the rows, as HTML, of the named table's body."""
    table = re.search(rf'<table class="data" data-name="{name}">.*?</table>', dom, re.S)[0]
    return re.findall(r"<tr.*?</tr>", table.split("<tbody>")[1], re.S)


def method(row: str) -> str:
    return re.search(r'<th scope="row".*?class="text">(.*?)<', row, re.S)[1]


@pytest.fixture(scope="module")
def probed(built, tmp_path_factory):
    folder = tmp_path_factory.mktemp("probe")
    page = folder / "index.html"
    page.write_text((built.folder / "index.html").read_text().replace("</body>", PROBE + "</body>"))
    dom = dump_dom(page, folder / "profile")
    return json.loads(html.unescape(re.search(r'<pre id="probe">(.*?)</pre>', dom, re.S)[1]))


def test_state_in_the_address_is_the_view(built, tmp_path):
    state = "accuracy-scenes.sort=knn.up&accuracy-scenes.q=simclr&claims.sort=nonsense.up"
    dom = dump_dom(built.folder / "index.html", tmp_path / "profile", state)
    rows = body(dom, "accuracy-scenes")
    knn = built.rows().query("protocol == 'knn'").groupby("variant")["value"].mean().sort_values()
    assert [method(row) for row in rows] == [TITLES[name] for name in knn.index]
    assert [method(row) for row in rows if "hidden" not in row.split(">")[0]] == ["SimCLR, no colour", "SimCLR"]
    assert re.search(r'data-key="knn"[^>]*aria-sort="ascending"', dom)
    assert "2 of 7 rows" in dom
    shown = [re.search(r'class="rank"><span class="text">([^<]+)<', row)[1] for row in rows]
    group = built.content.groups[0]
    scores = main_scores(group, built.rows())
    expected = ranks([scores[variant, "knn"] for variant in group.variants])
    assert shown == [expected[name] for name in knn.index], "a rank is by the sorted column, whichever way it is sorted"
    assert {"1", "7"} & set(shown)
    assert any("\N{EN DASH}" in rank for rank in shown)
    claims = [method(row) for row in body(dom, "claims")]
    lines = (built.folder / "tables" / "claims.csv").read_text().splitlines()
    assert len(claims) == len(lines) - 1, "an unknown column in the address changes nothing"


def test_headings_sort_down_up_and_back(built, probed):
    knn = built.rows().query("protocol == 'knn'").groupby("variant")["value"].mean().sort_values()
    best = [TITLES[name] for name in knn.index[::-1]]
    assert probed["first"].split("|") == best
    assert probed["second"].split("|") == best[::-1]
    probe = built.rows().query("protocol == 'linear_probe' and layer == ''").groupby("variant")["value"].mean()
    assert probed["third"].split("|") == [TITLES[name] for name in probe.sort_values().index[::-1]]
    assert probed["hash"] == ""


def test_the_address_remembers_and_downloads_are_what_is_shown(probed):
    assert probed["filtered"] == "#accuracy-scenes.sort=knn.down&accuracy-scenes.q=moco"
    lines = probed["csv"].splitlines()
    assert [line.split(",")[1] for line in lines[1:]] == ["MoCo v2", "MoCo v1"]
    assert "linear probe (all labels)" in lines[0]
    latex = probed["latex"].splitlines()
    assert latex[0].startswith(r"\begin{tabular}{rlr")
    assert latex[1] == r"\toprule"
    assert [line.split(" & ")[1] for line in latex[4:6]] == ["MoCo v2", "MoCo v1"]
    assert r"$\pm$" in latex[4]


def test_a_number_opens_its_record(probed):
    assert probed["open"] is True
    for text in ("SimCLR, kNN, all labels", "data/runs/simclr-s1a2b3c4d/s2", "k = 200", "selfsup trace data/results/"):
        assert text in probed["record"]


def test_a_point_of_a_map_shows_its_image_and_class(probed):
    """The 27th image is the second in the second row of the sheet, and of the last class, whose name is text and no markup."""
    assert (probed["peeking"], probed["peek"].strip(), probed["at"]) == (True, "<b>fig</b>", "-8px -8px")


def test_the_search_over_everything_shows_what_has_all_words(probed):
    assert probed["found"]
    assert all("simclr" in row or "colour" in row for row in probed["found"])
    assert 0 < probed["sections"] <= probed["all"][2]
    assert len(probed["found"]) < probed["all"][0]
    assert "q=simclr+colour" in probed["searched"]
    assert probed["nothing"] == [0, 0, 0]
    assert probed["again"] == probed["all"], "an empty search shows everything again"
