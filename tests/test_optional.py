"""What is imported is installed: always, or by an extra that a missing library names; the core needs no extra."""

import ast
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from selfsup.optional import EXTRAS, missing
from tests.conftest import ROOT

SOURCE = ROOT / "src" / "selfsup"
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
DISTRIBUTIONS = {"PIL": "pillow", "cv2": "opencv-python-headless", "sklearn": "scikit-learn", "yaml": "pyyaml"}
CORE = ("losses", "nn", "views", "methods", "training", "testing", "config", "store", "pipeline")


def names(requirements: list[str]) -> set[str]:
    return {re.split(r"[>=\[;]", requirement)[0] for requirement in requirements}


def imported(path: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found.add((node.module or "").partition(".")[0])
    return found - set(sys.stdlib_module_names) - {"selfsup"}


def test_every_import_is_of_the_core_or_names_its_extra():
    libraries = {library for path in SOURCE.rglob("*.py") for library in imported(path)}
    unknown = {
        DISTRIBUTIONS.get(name, name) for name in libraries - set(EXTRAS) - {"timm"}
    }  # for `encoder.library: timm`
    assert unknown <= names(PROJECT["dependencies"])


@pytest.mark.parametrize("library", EXTRAS)
def test_the_extra_that_is_named_brings_the_library(library):
    extra = PROJECT["optional-dependencies"][EXTRAS[library]]
    assert DISTRIBUTIONS.get(library, library) in names(extra)


@pytest.mark.slow
def test_the_core_imports_with_no_extra():
    """All of it but the MFCC backbone, whose signal processing is scipy's."""
    modules = [
        ".".join(path.relative_to(ROOT / "src").with_suffix("").parts)
        for room in CORE
        for path in sorted((SOURCE / room).rglob("[a-z]*.py"))
        if path.stem != "mfcc"
    ]
    code = f"""
import importlib, sys
for library in {sorted(EXTRAS)}:
    sys.modules[library] = None
for module in {modules}:
    importlib.import_module(module)"""
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_missing_library_is_one_sentence():
    code = """
import sys
sys.modules["typst"] = None
import selfsup.cli
import selfsup.commands
sys.argv = ["selfsup", "where", "simclr", "weights"]
selfsup.commands.where = lambda arguments: __import__("typst")
selfsup.cli.main()"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 1
    assert done.stderr == "selfsup: typst is not installed; `pip install 'selfsup[report]'` brings it\n"
    assert missing(ModuleNotFoundError(name="no_such_library")) is None
