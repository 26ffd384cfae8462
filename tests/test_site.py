"""The documentation builds without a warning, and each page has what it promises."""

import json
import re
import subprocess
import sys

import pytest

from tests.conftest import ROOT
from tests.test_docs import PAGES

pytestmark = pytest.mark.slow
README = (ROOT / "README.md").read_text(encoding="utf-8")
METRICS = json.loads((ROOT / "reports" / "quick" / "metrics.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "sphinx", "--fail-on-warning", "--quiet", "docs", str(folder)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return folder


def test_a_page_has_its_formulas_without_a_script_or_a_network(site):
    for page in PAGES.glob("*.md"):
        text = (site / "methods" / f"{page.stem}.html").read_text(encoding="utf-8")
        blocks = len(re.findall(r"^\$\$$", page.read_text(), flags=re.MULTILINE)) // 2
        assert text.count('display="block"') == blocks > 0
        assert "$$" not in text
        assert not re.findall(r'(?:src|href)="https?://[^"]*\.(?:js|css)"', text)


def test_a_page_says_what_its_runs_scored(site):
    text = (site / "methods" / "simclr.html").read_text(encoding="utf-8")
    scores, widths = METRICS["measures"]["scenes"], METRICS["half_widths"]["scenes"]
    for run in ("simclr", "random", "hog", "supervised"):
        assert f"{scores[run]['linear_probe']:.1f} ± {widths[run]['linear_probe']:.1f}" in text, run
    assert "split-brain" not in text.partition("What you should see")[2].partition("<footer")[0].lower()


def test_the_lecture_is_in_the_order_of_its_slides(site):
    text = (
        (site / "generated" / "lecture.html").read_text(encoding="utf-8").partition("<table")[2].partition("</table")[0]
    )
    listed = re.findall(r"methods/(\w+)\.html", text)
    assert sorted(listed) == sorted(page.stem for page in PAGES.glob("*.md"))
    order = [
        "rotation",
        "jigsaw",
        "context_encoder",
        "colorization",
        "split_brain",
        "video_colorization",
        "simclr",
        "moco",
        "clip",
    ]
    assert [name for name in listed if name in order] == order
    assert listed[-1] in ("supervised_waveform", "supervised")


def test_each_task_of_the_readme_is_a_guide(site):
    titles = [
        re.search(r"<title>(.*?)</title>", page.read_text(encoding="utf-8"))[1]
        for page in sorted((site / "generated").glob("guide-*.html"))
    ]
    tasks = re.findall(r"^### (.+)$", README.partition("## Tasks")[2], flags=re.MULTILINE)
    assert len(tasks) == len(titles) > 10
    assert all(title.replace("&#39;", "'").startswith(task[:12]) for task, title in zip(tasks, titles, strict=True))


def test_references_name_every_protocol_command_and_kind_of_data(site):
    text = (site / "generated" / "evaluations.html").read_text(encoding="utf-8")
    protocols = {file.stem for file in (ROOT / "params" / "evaluations").glob("*.yaml")} - {"features"}
    assert [name for name in protocols if f">{name}<" not in text] == []
    text = (site / "generated" / "datasets.html").read_text(encoding="utf-8")
    assert all(f"<h2>{kind}<" in text for kind in ("cifar10", "voc", "scenes", "spoken_digits", "pairs"))
    text = (site / "generated" / "commands.html").read_text(encoding="utf-8")
    assert all(f"<h2>selfsup {command}<" in text for command in ("pretrain", "check", "embed", "register", "verify"))
