"""What `dvc plots` draws: the report's own numbers, by templates that are filled and have every field they name."""

import json
import re
import shutil

import pandas as pd
import pytest
import yaml

from selfsup.report.figures.training import read_curves
from selfsup.report.scores import main_scores
from tests.clones import Clone
from tests.conftest import ROOT


def test_scores_are_those_of_the_main_tables(built):
    written = pd.read_csv(built.folder / "plots" / "scores.csv")
    for n, group in enumerate(built.content.groups):
        measured = [s for s in main_scores(group, built.rows(n)).values() if s.interval]
        found = written[written["group"] == group.name]
        assert found["mean"].tolist() == pytest.approx([s.interval.mean for s in measured], rel=1e-4)
        assert found["run"].tolist() == [group.title(s.variant) for s in measured]
        several = [s.interval for s in measured if s.interval.n > 1]
        assert found["low"].dropna().tolist() == pytest.approx([i.low for i in several], rel=1e-4)
        assert found["high"].dropna().tolist() == pytest.approx([i.high for i in several], rel=1e-4)


def test_curves_are_means_over_seeds(built):
    group = built.content.groups[0]
    written = pd.read_csv(built.folder / "plots" / "curves.csv")
    logged = read_curves(group)
    variant = logged["variant"].iloc[0]
    own = logged[logged["variant"] == variant]
    assert own["seed"].nunique() > 1
    first = own[own["step"] == own["step"].min()]
    found = written[(written["group"] == group.name) & (written["run"] == group.title(variant))]
    assert len(found) == own["step"].nunique()
    assert found["loss"].iloc[0] == pytest.approx(first["loss"].mean(), rel=1e-4)
    assert set(written["group"]) <= {group.name for group in built.content.groups}


@pytest.mark.slow
def test_dvc_fills_the_templates_of_two_commits(built, tmp_path):
    copy = Clone(tmp_path)
    shutil.copytree(ROOT / "workflow" / "plots", tmp_path / "workflow" / "plots")
    folder = tmp_path / "reports" / "fabricated" / "plots"
    shutil.copytree(built.folder / "plots", folder)
    (tmp_path / "params").mkdir()
    (tmp_path / "params" / "run.yaml").write_text("suite: fabricated\n")
    plots = yaml.safe_load((ROOT / "dvc.yaml").read_text())["plots"]
    (tmp_path / "dvc.yaml").write_text(yaml.safe_dump({"vars": ["params/run.yaml"], "plots": plots}))
    copy.begin()
    copy.run("dvc", "init", "--quiet")
    copy.commit()
    scores = pd.read_csv(folder / "scores.csv")
    scores.assign(mean=scores["mean"] + 1).to_csv(folder / "scores.csv", index=False)
    drawn = json.loads(copy.run("dvc", "plots", "diff", "HEAD", "--json").stdout)["data"]
    assert set(drawn) == {"loss", "pretext_accuracy", "scores"}
    for name, ((plot,), file) in {n: (p, "scores" if n == "scores" else "curves") for n, p in drawn.items()}.items():
        text = json.dumps({key: value for key, value in plot["content"].items() if key != "data"})
        assert "DVC_METRIC" not in text, name
        values = plot["content"]["data"]["values"]
        columns = set(pd.read_csv(folder / f"{file}.csv").columns) | {"rev", "panel"}
        assert set(re.findall(r'"field": "(\w+)"', text)) <= columns
        assert {value["rev"] for value in values} == {"HEAD", "workspace"}
