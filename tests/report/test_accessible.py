"""Rules of accessibility: axe-core finds nothing of consequence in a report, in light and in dark."""

import html
import json
import re
from pathlib import Path

import axe_core_python
import pytest

from tests.browser import dump_dom

pytestmark = pytest.mark.slow
AXE = (Path(axe_core_python.__file__).parent / "axe.min.js").read_text(encoding="utf-8")
RUN = """
addEventListener("load", () => axe.run(document).then(found => {
  const told = document.createElement("pre");
  told.id = "told";
  told.textContent = JSON.stringify({passes: found.passes.length, violations: found.violations});
  document.body.replaceChildren(told);
}));
"""


def told(page: Path, folder: Path, scheme: str) -> dict:
    """Return what axe-core says of a page; without its gradients, before which no contrast can be computed."""
    style = f"<style>* {{ background-image: none !important }} :root {{ color-scheme: {scheme} !important }}</style>"
    scripts = "".join("<script>" + script.replace("</script", r"<\/script") + "</script>" for script in (AXE, RUN))
    text = page.read_text(encoding="utf-8").replace("</head>", f"{style}</head>", 1)
    start, _, end = text.rpartition("</body>")
    (folder / "page.html").write_text(f"{start}{scripts}</body>{end}", encoding="utf-8")
    found = re.search(
        r'<pre id="told">(.*?)</pre>', dump_dom(folder / "page.html", folder / "profile", wait_ms=60_000), re.DOTALL
    )
    return json.loads(html.unescape(found[1]))


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_report_violates_no_rule(built, tmp_path, scheme):
    found = told(built.folder / "index.html", tmp_path, scheme)
    assert found["passes"] > 30
    assert [(rule["id"], rule["nodes"][0]["html"]) for rule in found["violations"]] == []


def test_a_violation_is_found(tmp_path):
    (tmp_path / "bad.html").write_text(
        '<!doctype html><html lang="en"><head><title>Bad</title></head><body><main><h1>Bad</h1>'
        '<img src="data:,"><p style="color: #eee">pale</p></main></body></html>'
    )
    found = told(tmp_path / "bad.html", tmp_path, "light")
    assert {"image-alt", "color-contrast"} <= {rule["id"] for rule in found["violations"]}
