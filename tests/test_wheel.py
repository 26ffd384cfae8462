"""An installed wheel is of use without a checkout: it brings recipes, workflow, templates and types, and starts a project."""

import os
import subprocess
import sys

import pytest

from tests.clones import clone
from tests.conftest import ROOT

pytestmark = pytest.mark.slow


def run(*command, cwd, **environment):
    return subprocess.run(
        command, cwd=cwd, env={**os.environ, **environment}, capture_output=True, text=True, check=True
    ).stdout


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """The folder of the installed wheel: what site-packages would get."""
    folder = tmp_path_factory.mktemp("wheel")
    made = clone(folder / "selfsup").folder
    pip = (sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check")
    run(*pip, "wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", folder, made, cwd=folder)
    (wheel,) = folder.glob("*.whl")
    run(*pip, "install", "--no-deps", "--target", folder / "site", wheel, cwd=folder)
    return folder / "site"


def test_it_holds_what_it_needs(installed):
    for path in ("py.typed", "report/templates", "project/Snakefile", "project/workflow/rules/stages.smk"):
        assert (installed / "selfsup" / path).exists(), path
    ours, theirs = ROOT / "params", installed / "selfsup" / "project" / "params"
    assert {f.relative_to(ours) for f in ours.rglob("*")} == {f.relative_to(theirs) for f in theirs.rglob("*")}


def test_a_project_starts_from_it_and_plans_as_a_checkout_does(installed, tmp_path):
    python = {"PYTHONPATH": str(installed)}
    selfsup = (sys.executable, "-m", "selfsup")
    run(*selfsup, "init", "mine", cwd=tmp_path, **python)
    where = ("where", "simclr", "weights", "--suite", "smoke")
    found = run(*selfsup, *where, cwd=tmp_path / "mine", **python)
    assert found == run(*selfsup, *where, cwd=ROOT, PYTHONPATH=str(ROOT / "src"))
    planned = run(
        "snakemake", "--dry-run", "--quiet", "all", "--config", "suite=smoke", cwd=tmp_path / "mine", **python
    )
    assert "Traceback" not in planned


def test_a_folder_that_has_a_project_is_refused(installed, tmp_path):
    (tmp_path / "params").mkdir()
    with pytest.raises(subprocess.CalledProcessError) as failed:
        run(sys.executable, "-m", "selfsup", "init", cwd=tmp_path, PYTHONPATH=str(installed))
    assert failed.value.stderr.startswith("selfsup: params exists already; name an empty folder")
