"""The README's example method is complete: it passes the battery, and its recipe and suite line are all it takes."""

import re

import pytest

from tests.clones import Clone, clone
from tests.conftest import ROOT

pytestmark = pytest.mark.slow


def blocks() -> dict[str, str]:
    """Return {path: content} of the README's code blocks that begin with their file's path."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    found = re.findall(r"```(?:python|yaml)\n# (\S+)\n(.*?)```", text, flags=re.DOTALL)
    return dict(found)


@pytest.fixture(scope="module")
def extended(tmp_path_factory: pytest.TempPathFactory) -> Clone:
    made = clone(tmp_path_factory.mktemp("readme") / "selfsup")
    for path in ("src/selfsup/methods/barlow_twins.py", "params/methods/barlow_twins.yaml"):
        (made.folder / path).write_text(blocks()[path], encoding="utf-8")
    line = "      - {method: barlow_twins, name: barlow_twins, set: {batch_size: 64, epochs: 1}}\n"
    made.edit("params/suites/smoke.yaml", "    targets:\n", f"{line}    targets:\n")
    made.edit("params/suites/quick.yaml", "      - moco_v1\n", "      - moco_v1\n      - barlow_twins\n")
    return made


def test_the_example_passes_the_generic_tests(extended: Clone):
    done = extended.run("pytest", "tests/methods/test_battery.py", "-k", "barlow_twins")
    assert re.search(r"[1-9]\d* passed", done.stdout), done.stdout


def test_nothing_else_asks_for_a_file(extended: Clone):
    """What `make test` reads of a new method, a recipe and suites, in a clone that has the README's edits and no other."""
    method = "src/selfsup/methods/barlow_twins.py"
    extended.run("ruff", "check", method)
    extended.run("ruff", "format", "--check", method)
    extended.run("mypy", method)
    read = ("tests/test_architecture.py", "tests/test_docs.py", "tests/config/test_editor.py")
    extended.run("pytest", "-x", *read, "tests/pipeline/test_feasibility.py::test_a_shipped_suite_can_be_served[smoke]")
    extended.run("pytest", "tests/test_dvc.py", "-k", "without_a_list")


def test_the_example_trains_and_is_evaluated(extended: Clone):
    before = extended.planned()
    extended.snakemake("features_barlow_twins")
    made = {"prepare": 1, "pretrain": 1, "features": 1}
    assert extended.planned() == {rule: count - made.get(rule, 0) for rule, count in before.items()}
