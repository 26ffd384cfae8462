"""Every script of benchmarks/ runs, at its smallest size, with the other libraries where they are installed."""

import importlib.util
import json
import runpy
import sys

import pytest

from selfsup.store.graph import graph
from tests.conftest import ROOT

FOLDER = ROOT / "benchmarks"
SIZES = {
    "views": ["--batch", "4", "--calls", "1"],
    "loop": ["--networks", "tiny", "--batch", "8", "--steps", "2"],
    "probe": ["--scale", "0.03"],
    "gemm": ["--recipes", "simclr", "split_brain", "cpc_audio", "--examples", "2", "--gemm-side", "64"],
}
PEERS = all(importlib.util.find_spec(library) for library in ("lightly", "kornia"))


def run(monkeypatch, name, *words):
    monkeypatch.syspath_prepend(str(FOLDER))
    monkeypatch.setattr(sys, "argv", [f"{name}.py", *words])
    runpy.run_path(str(FOLDER / f"{name}.py"), run_name="__main__")


def test_every_script_is_run_here():
    scripts = {file.stem for file in FOLDER.glob("*.py") if "__main__" in file.read_text(encoding="utf-8")}
    assert scripts == {*SIZES, "cost"}


@pytest.mark.slow
@pytest.mark.parametrize("name", SIZES)
def test_a_script_measures_and_writes_its_result(monkeypatch, tmp_path, capsys, name):
    peers = ["--no-peers"] if name in ("views", "loop") and not PEERS else []
    run(monkeypatch, name, "--repeats", "1", "--results", str(tmp_path), *SIZES[name], *peers)
    result = json.loads((tmp_path / f"{name}.json").read_text(encoding="utf-8"))
    assert result["rows"]
    assert result["provenance"]["command"].startswith(f"python benchmarks/{name}.py --repeats 1")
    assert len(capsys.readouterr().out.splitlines()) >= len(result["rows"])


def test_costs_are_those_of_the_suites_jobs_by_rule(monkeypatch, project, capsys):
    chain = graph("smoke").chains[0]
    for rule, made, seconds in (("prepare", chain.prepared, 2), ("pretrain", chain.weights, 5), ("pretrain", None, 90)):
        folder = f"{made.name}-{made.digest}" if made else "rotation-000000000000"
        file = project / "logs" / rule / f"{folder}.tsv"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"cpu_s\twall_s\tpeak_mb\n{seconds}\t1\t100\n")
    run(monkeypatch, "cost", "smoke")
    table = [[cell.strip() for cell in line.split("|")[1:-1]] for line in capsys.readouterr().out.splitlines()[2:]]
    assert ["prepare", "1", "2.0", "2"] in table
    assert ["pretrain random", "1", "5.0", "5"] in table
    assert table[-1] == ["all", "2", "", "7"]
