"""An evaluation added as CONTRIBUTING says: code, a protocol, a line in a suite. Its numbers are everywhere, by no other file."""

import csv
import importlib
import json
import re
import shutil
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import yaml
from pypdf import PdfReader

import selfsup.evaluations
from selfsup import extensions
from selfsup.config.claims import read_claims
from selfsup.evaluations.inputs import Inputs
from selfsup.pipeline import publish
from selfsup.report.build import build
from selfsup.results import write_measures
from selfsup.store.graph import graph
from tests.conftest import forget

pytestmark = pytest.mark.slow
CODE = '''"""Detection: how well boxes are found."""

import json

import numpy as np
from pydantic import PositiveFloat

from selfsup.evaluations.inputs import Inputs
from selfsup.hdf5 import write_arrays
from selfsup.results import Measure

NEEDS = ("target", "weights")
SHOWN = {
    "title": "Detection",
    "headline": "ap",
    "metrics": {
        "ap": {"title": "mean AP", "unit": "%", "better": "higher", "over": ["at"]},
        "depth_error": {"title": "depth error", "unit": "m", "better": "lower", "decimals": 2},
    },
    "names": {"whole_image": "the whole image as a box"},
    "figures": [{"kind": "bars", "metric": "ap"}],
    "pictures": "grid",
    "pictures_title": "held-out images with their boxes",
}


def evaluate(inputs: Inputs, *, thresholds: list[PositiveFloat]) -> list[Measure]:
    """Return ``ap``, ``ap`` at each threshold and ``depth_error``, with the baseline ``whole_image``."""
    write_arrays(inputs.pictures / "pictures.h5", {"images": np.zeros((2, 3, 3, 8, 8), np.uint8)},
                 captions=json.dumps(["a", "b", "c"]))
    found = [Measure("ap", "%", 41.0 + inputs.seed, 200), Measure("depth_error", "m", 0.25, 200)]
    found += [Measure("ap", "%", 60.0 * t, 200, at=t) for t in thresholds]
    return [*found, Measure("ap", "%", 7.0, 200, baseline="whole_image")]
'''
PROTOCOL = {"evaluation": "detection", "title": "boxes found", "thresholds": [0.5, 0.75]}
CLAIM = {
    "name": "boxes_above_none",
    "sentence": "Boxes are found better than by none.",
    "where": "Table 1",
    "published": "41 against 7",
    "written": "before",
    "comparison": {
        **{"higher": "random", "lower": {"run": "random", "baseline": "whole_image"}},
        **{"evaluation": "boxes", "metric": "ap"},
    },
}


def files(folder: Path) -> dict[Path, bytes]:
    return {
        p.relative_to(folder): p.read_bytes() for p in folder.rglob("*") if p.is_file() and p.suffix in (".py", ".yaml")
    }


@pytest.fixture(scope="module", params=["detection.py", "detection/__init__.py"])
def made(request, tmp_path_factory):
    """The report of the smoke suite's first group with the evaluation, measured; and what was touched."""
    root = tmp_path_factory.mktemp("project")
    with pytest.MonkeyPatch.context() as patch:
        for name in ("src/selfsup", "params"):
            place = Path(__file__).parents[2] / name
            shutil.copytree(place, root / name, ignore=shutil.ignore_patterns("__pycache__"))
        before = files(root)
        code = root / "src" / "selfsup" / "evaluations" / request.param
        code.parent.mkdir(exist_ok=True)
        code.write_text(CODE)
        (root / "params" / "evaluations" / "boxes.yaml").write_text(yaml.safe_dump(PROTOCOL))
        suite = root / "params" / "suites" / "smoke.yaml"
        line = "          - linear_probe\n"
        suite.write_text(suite.read_text().replace(line, f"{line}          - boxes\n", 1))
        touched = [path for path, text in files(root).items() if before.get(path) != text]
        patch.chdir(root)
        patch.setattr(extensions, "ROOT", root / "src" / "selfsup")
        patch.setattr(selfsup.evaluations, "__path__", [str(root / "src" / "selfsup" / "evaluations")])
        forget()
        content = publish.content(graph("smoke"))
        yield replace(content, **_measured(content, root)), root, touched
    forget()
    sys.modules.pop("selfsup.evaluations.detection", None)


def _measured(content, root):
    """Run the evaluation for the runs of the group that has it; nothing else is measured."""
    module = importlib.import_module("selfsup.evaluations.detection")
    group = next(group for group in content.groups if "boxes" in {s.protocol.name for s in group.scorings})
    for member in group.members:
        path = member.measures[group.pretrain_data.name, "boxes"]
        path.parent.mkdir(parents=True, exist_ok=True)
        inputs = Inputs(seed=member.seed, pictures=path.parent)
        write_measures(path, module.evaluate(inputs, thresholds=PROTOCOL["thresholds"]))
    claims = {claim.name: claim for claim in read_claims(Path("x"), {"paper": "P", "arxiv": "1", "claims": [CLAIM]})}
    return {"groups": [group], "claims": claims, "ablations": [], "experiments": [], "summary": "", "reported": {}}


def test_three_files_are_touched_and_its_numbers_are_everywhere(made):
    content, root, touched = made
    print(f"an evaluation with two metrics and a picture touches {len(touched)} files: {', '.join(map(str, touched))}")
    assert len(touched) == 3  # the code, the protocol, and a line of the suite
    target = root / "report"
    target.mkdir()
    build(content, target)
    (group,) = content.groups
    numbers = json.loads((target / "metrics.json").read_text())
    assert numbers["measures"][group.name]["random"]["boxes"] == 41.0
    assert numbers["measures"][group.name]["random"]["boxes/depth_error"] == 0.25
    assert numbers["measures"][group.name]["random"]["boxes@0.5"] == 30.0
    assert numbers["claims"][group.name] == {"boxes_above_none": "inconclusive"}  # one seed has no interval
    with (target / "results.csv").open() as file:
        rows = [row for row in csv.DictReader(file) if row["protocol"] == "boxes" and row["variant"] == "random"]
    assert {(r["metric"], r["baseline"], r["at"], r["value"]) for r in rows} == {
        *(("ap", "", "", "41"), ("ap", "whole_image", "", "7"), ("depth_error", "", "", "0.25")),
        *(("ap", "", "0.5", "30"), ("ap", "", "0.75", "45")),
    }
    page = (target / "index.html").read_text()
    paper = re.sub(r"\s+", " ", " ".join(p.extract_text() for p in PdfReader(target / "report.pdf").pages))
    for text in ("boxes found", "41.0", "0.25", "45.0", "the whole image as a box", "Boxes are found better"):
        assert text in page
        assert text in paper
    assert f'data-record="{group.name}/random/boxes/depth_error"' in page
    assert (target / "figures" / f"{group.name}-random-boxes.png").exists()
    assert (target / "figures" / f"{group.name}-boxes-bars.svg").exists()
    assert np.isfinite(numbers["measures"][group.name]["random"]["boxes"])
