"""One call from a folder of images to the weights of one method."""

import subprocess
import sys
from pathlib import Path

from selfsup.errors import InputError
from selfsup.pipeline import project as projects


def train(images: Path, method: str, project: Path, size_px: int = 64) -> Path:
    """Return the folder of the weights of ``method``, pretrained on images in squares of ``size_px``.

    A project of them is started in the folder ``project``, as by ``selfsup init``; one that is there goes on, and what is
    finished in it is not repeated. Raises InputError where the images, the method or the project cannot be used.
    """
    if not (project / "Snakefile").is_file():
        projects.init(project, images, size_px, method)
    where = [sys.executable, "-m", "selfsup", "where", method, "weights"]
    found = subprocess.run(where, cwd=project, capture_output=True, text=True)
    if found.returncode:
        raise InputError(f"{project}: {found.stderr.strip().removeprefix('selfsup: ')}")
    command = [sys.executable, "-m", "snakemake", f"pretrain_{method}"]
    if subprocess.run(command, cwd=project, stdout=sys.stderr).returncode:
        raise InputError(f"{project}: training {method} failed, as printed above; call again to go on")
    return project / found.stdout.splitlines()[0]
