"""The notebooks in docs/ run from their first cell to their last, without a display, and are committed without outputs."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.pipeline.test_own_images import photographs

NOTEBOOKS = sorted((ROOT / "docs").glob("*.ipynb"))
pytestmark = pytest.mark.slow


def cells(notebook: Path) -> list[dict]:
    return [cell for cell in json.loads(notebook.read_text())["cells"] if cell["cell_type"] == "code"]


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_runs(notebook: Path, tmp_path: Path) -> None:
    (tmp_path / "my").mkdir()
    photographs(tmp_path, 160, 0).rename(tmp_path / "my" / "photographs")
    program = "import matplotlib; matplotlib.use('Agg')\n" + "\n".join(
        "".join(cell["source"]) for cell in cells(notebook)
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_has_no_outputs(notebook: Path) -> None:
    assert all(not cell["outputs"] and cell["execution_count"] is None for cell in cells(notebook))
