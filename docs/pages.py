"""Pages that are generated for the site: the lecture, guides from README.md, what runs scored, and references from the code."""

import ast
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from selfsup.config import editor
from selfsup.config.recipe import evaluation
from selfsup.config.shown import Metric, protocol_title, shown

ROOT = Path(__file__).resolve().parent.parent
SUITE = "quick"
ANCHORS = ("random", "handcrafted", "supervised", "supervised_waveform")  # methods that learn nothing, or from labels
COLUMNS = 5  # of a table of scores, that fit beside each other
LINK = re.compile(r"\]\((?!https?:|#)([^)]+)\)")
SLIDES = re.compile(r"slides?\s+(\d+)")


def write(folder: Path) -> None:
    """Write all pages into a folder below docs/; a page that is equal keeps its time, so that Sphinx does not read it again."""
    folder.mkdir(exist_ok=True)
    contents = {
        "lecture.md": lecture(),
        **{f"guide-{n:02}.md": text for n, text in enumerate(guides())},
        "keys.md": editor.page(editor.schemas()),
        "evaluations.md": evaluations(),
        "datasets.md": datasets(),
        "commands.md": commands(),
    }
    for file in set(folder.glob("*.md")) - {folder / name for name in contents}:
        file.unlink()
    for name, text in contents.items():
        if not (folder / name).exists() or (folder / name).read_text(encoding="utf-8") != text:
            (folder / name).write_text(text, encoding="utf-8")


def lecture() -> str:
    """Return the systems in the order of the lecture's slides, then what they are compared with, each with its command."""
    systems = sorted((name in ANCHORS, _first_slide(text), name, text) for name, text in _methods().items())
    rows = []
    for anchor, slide, name, text in systems:
        heading = text.splitlines()[0].removeprefix("# ")
        command = re.search(r"`(snakemake\s+pretrain_\w+)`", text)
        cells = ["" if anchor else str(slide), f"[{heading}](../methods/{name}.md)"]
        rows.append("| " + " | ".join([*cells, f"`{' '.join(command[1].split())}`" if command else ""]) + " |")
    listed = [f"../methods/{name}" for _, _, name, _ in systems]
    return f"""# The lecture, system by system

Each page has one system of the CS231n 2022 lecture on self-supervised learning: what it sees, its loss, one command, where we
differ from its paper, and what its runs scored in the suite `{SUITE}`. At the end is what they are compared with.

| slide | system | train it |
|---|---|---|
{_lines(rows)}

```{{toctree}}
:hidden:

{_lines(listed)}
```
"""


def _lines(parts: list[str]) -> str:
    return "\n".join(parts)


def _first_slide(text: str) -> int:
    found = SLIDES.search(text)
    return int(found[1]) if found else 0


@cache
def _methods() -> dict[str, str]:
    return {file.stem: file.read_text(encoding="utf-8") for file in sorted((ROOT / "docs" / "methods").glob("*.md"))}


def guides() -> Iterator[str]:
    """Yield each task of README.md as a page."""
    tasks = (ROOT / "README.md").read_text(encoding="utf-8").partition("## Tasks\n")[2].partition("\n## ")[0]
    for part in tasks.split("\n### ")[1:]:
        yield LINK.sub(lambda match: f"]({_from_generated(match[1])})", f"# {part.rstrip()}\n")


def _from_generated(target: str) -> str:
    return f"../{target.removeprefix('docs/')}" if target.startswith("docs/") else f"../../{target}"


def scores(method: str) -> str:
    """Return what the runs of a method scored, beside the rows that they are compared with; empty where none was in the suite."""
    metrics = json.loads((ROOT / "reports" / SUITE / "metrics.json").read_text(encoding="utf-8"))
    recipes = {file.stem: yaml.safe_load(file.read_text()) for file in (ROOT / "params" / "methods").glob("*.yaml")}
    own = {name for name, recipe in recipes.items() if recipe["method"] == method}
    anchors = {name for name, recipe in recipes.items() if recipe["method"] in ANCHORS}
    tables = [
        _scores_of_group(group, measures, metrics["half_widths"].get(group, {}), recipes, own, anchors)
        for group, measures in metrics["measures"].items()
    ]
    if not (found := [table for table in tables if table]):
        return ""
    return f"""

## What you should see
Scores of the suite `{SUITE}` as committed: means over seeds ± half the width of their 95 % interval. `snakemake` makes them
again; another processor rounds differently, which moves most by less than that.

{_lines(found)}"""


def _scores_of_group(
    group: str,
    measures: Mapping[str, Mapping[str, float]],
    half_widths: Mapping[str, Mapping[str, float]],
    recipes: Mapping[str, Any],
    own: set[str],
    anchors: set[str],
) -> str:
    present = [name for name in measures if name in own]
    keys = [key for key in measures[present[0]] if ":" not in key] if present else []
    keys = sorted(keys, key=lambda key: key.count("/") + key.count("@"))[:COLUMNS]
    if not keys:
        return ""
    names = [*present, *(name for name in measures if name in anchors - own)]
    lines = [f"| {group} | {' | '.join(map(_heading, keys))} |", "|---" * (len(keys) + 1) + "|"]
    for name in names:
        cells = [_score(key, measures[name].get(key), half_widths.get(name, {}).get(key)) for key in keys]
        lines.append(f"| {recipes[name]['title']} | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def _metric(key: str) -> Metric | None:
    """Return how the metric of a key, e.g. ``label_propagation/pck@0.1`` or ``knn``, is shown."""
    protocol, _, rest = key.partition("/")
    declared = shown(f"evaluations.{evaluation(protocol.partition('@')[0])[0]}")
    return declared.metrics.get(re.split("[/@]", rest)[0] or declared.headline)


def _heading(key: str) -> str:
    protocol, _, rest = key.partition("/")
    protocol, _, fraction = protocol.partition("@")
    metric = _metric(key)
    title = metric.title.replace("{subset}", "").strip() if metric and rest else ""
    words = [
        protocol_title(protocol),
        title,
        rest.partition("@")[2],
        f"{float(fraction):.0%} of labels" if fraction else "",
    ]
    return ", ".join(word for word in words if word) + (f" ({metric.unit})" if metric and metric.unit else "")


def _score(key: str, mean: float | None, half_width: float | None) -> str:
    metric = _metric(key)
    decimals = metric.decimals if metric else 1
    spread = "" if half_width is None else f" ± {half_width:.{decimals}f}"
    return "" if mean is None else f"{mean:.{decimals}f}{spread}"


def evaluations() -> str:
    """Return a table of the protocols: what each measures, its metrics, and the module that does it."""
    lines = [
        "# Evaluations",
        "",
        "Each is a file `params/evaluations/<name>.yaml`; a target of a suite lists their names.",
        "",
    ]
    lines += ["| protocol | title | metrics | what it does |", "|---|---|---|---|"]
    for file in sorted((ROOT / "params" / "evaluations").glob("*.yaml")):
        module = evaluation(file.stem)[0]
        if "SHOWN" not in _source("evaluations", module).read_text(encoding="utf-8"):
            continue  # of the features that evaluations read
        metrics = [
            f"{m.title}{f' ({m.unit})' if m.unit else ''}".replace("{subset}", "by subset")
            for m in shown(f"evaluations.{module}").metrics.values()
        ]
        first = _docstring(_source("evaluations", module)).partition("\n\n")[0].replace("\n", " ")
        lines.append(f"| `{file.stem}` | {protocol_title(file.stem)} | {', '.join(metrics)} | {first} |")
    return "\n".join(lines) + "\n"


def datasets() -> str:
    """Return the docstring of each kind of data set, which describes its layout, and the data sets of params/data."""
    kinds = {file.stem: file for file in sorted((ROOT / "src" / "selfsup" / "datasets").glob("[a-z]*.py"))}
    own: dict[str, list[str]] = {}
    for file in sorted((ROOT / "params" / "data").glob("*.yaml")):
        own.setdefault(yaml.safe_load(file.read_text())["dataset"], []).append(file.stem)
    parts = [
        "# Data sets\n\nA data set is a file `params/data/<name>.yaml` whose key `dataset` names one of these kinds.\n"
    ]
    for kind in sorted(own.keys() | {k for k, f in kinds.items() if "def prepare" in f.read_text()}):
        names = ", ".join(f"`{name}`" for name in own.get(kind, []))
        parts.append(f"## {kind}\n{_docstring(kinds[kind])}\n\n{f'In params/data: {names}.' if names else ''}\n")
    return "\n".join(parts)


def commands() -> str:
    """Return the help of every command."""
    parts = ["# Commands\n"]
    listed = _help()
    for name in re.findall(r"^    (\w+) ", listed, flags=re.MULTILINE):
        parts.append(f"## selfsup {name}\n```text\n{_help(name)}```\n")
    return "\n".join(parts)


def _help(*words: str) -> str:
    environment = {**os.environ, "COLUMNS": "100", "PYTHONPATH": str(ROOT / "src")}
    command = [sys.executable, "-m", "selfsup", *words, "--help"]
    return subprocess.run(command, capture_output=True, text=True, check=True, env=environment).stdout


def _source(package: str, module: str) -> Path:
    file = ROOT / "src" / "selfsup" / package / f"{module}.py"
    return file if file.exists() else file.with_suffix("") / "__init__.py"


def _docstring(file: Path) -> str:
    return ast.get_docstring(ast.parse(file.read_text(encoding="utf-8"))) or ""
