"""The arrows that may exist between rooms, and the house's limits, read from the syntax."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import ROOT

SOURCE = ROOT / "src" / "selfsup"
FILES = sorted(SOURCE.rglob("*.py"))
PLAIN = {"errors", "seeds", "extensions", "optional", "specs"}
ARROWS = {
    "methods": {"methods", "nn", "losses", "views"} | PLAIN,
    "nn": {"nn", "views"} | PLAIN,
    "tables": {"tables", "nn", "views"} | PLAIN,
    "specs": set(PLAIN),
    "losses": {"losses"} | PLAIN,
    "views": {"views"} | PLAIN,
    "optim": {"optim"} | PLAIN,
    "datasets": {"datasets", "hdf5"} | PLAIN,
    "experiments": {"experiments", "losses", "nn", "optim", "results"} | PLAIN,
    "evaluations": {"evaluations", "nn", "views", "results", "datasets", "hdf5", "optim"} | PLAIN,
    "training": {"training", "methods", "nn", "optim", "datasets", "hdf5", "device"} | PLAIN,
    "testing": {"testing", "methods", "nn", "config", "training"} | PLAIN,
    "report": {"report", "results", "config"} | PLAIN,
    "config": {"config", "datasets"} | PLAIN,
    "store": {"store", "config"} | PLAIN,
}
HEAVY = {"torch", "torchvision", "pandas", "numpy", "h5py", "matplotlib", "scipy"}
PLANNED = [f for room in ("config", "specs", "store", "pipeline") for f in sorted((SOURCE / room).glob("[a-z]*.py"))]
PLANNING = [*(str(f.relative_to(SOURCE)) for f in PLANNED if f.stem != "feasibility"), "cli.py", "errors.py"]


def imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: a relative import"
            yield node.module or ""


def at_the_top(path: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found.add((node.module or "").split(".")[0])
    return found


def violations(path: Path, allowed: set[str]) -> set[str]:
    own = {name.split(".")[1] for name in imports(path) if name.startswith("selfsup.")}
    return own - allowed


@pytest.mark.parametrize("room", ARROWS)
def test_only_these_arrows(room):
    wrong = {str(f.relative_to(SOURCE)): v for f in (SOURCE / room).rglob("*.py") if (v := violations(f, ARROWS[room]))}
    assert wrong == {}


def test_the_check_sees_a_wrong_arrow(tmp_path):
    (tmp_path / "a.py").write_text("def late():\n    from selfsup.methods import simclr\n")
    assert violations(tmp_path / "a.py", ARROWS["evaluations"]) == {"methods"}


def named_files(path: Path) -> list[str]:
    """Return the strings of a file, docstrings left out, that name a file of params/."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    docstrings = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    texts = [node for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)]
    return [text.value for text in texts if id(text) not in docstrings and "params/" in text.value]


@pytest.mark.parametrize("room", ["methods", "nn", "losses", "views", "tables", "optim", "evaluations", "experiments"])
def test_values_do_not_know_the_file_that_they_come_from(room):
    """One evaluation serves many protocols: an error names the key, and the job that ran it names the file."""
    assert {f.name: names for f in (SOURCE / room).rglob("*.py") if (names := named_files(f))} == {}


def test_a_named_file_is_noticed(tmp_path):
    source = 'def f(n):\n    """Of params/a.yaml."""\n    raise ValueError(f"params/evaluations/b.yaml: {n}")\n'
    (tmp_path / "a.py").write_text(source)
    assert named_files(tmp_path / "a.py") == ["params/evaluations/b.yaml: "]


def test_the_report_never_imports_torch():
    for path in (SOURCE / "report").rglob("*.py"):
        assert not {name.split(".")[0] for name in imports(path)} & {"torch", "torchvision"}, path


@pytest.mark.parametrize("module", PLANNING)
def test_planning_imports_nothing_heavy(module):
    assert not at_the_top(SOURCE / module) & HEAVY


def test_the_loop_knows_no_method():
    other_words = {"base", "random", "clip"}  # a clip is also a short film
    names = {f.stem for f in (SOURCE / "methods").glob("[a-z]*.py")} - other_words
    for path in (SOURCE / "training").glob("*.py"):
        text = path.read_text(encoding="utf-8").lower()
        assert not [name for name in names if name in text], path


def test_the_report_knows_no_evaluation_no_protocol_and_no_method():
    """As a word of its own, in code and templates: what they are called comes from their own declarations."""
    other_words = {"features", "inputs", "random", "rotation", "base", "clip"}  # an artefact, numpy, an axis, a film
    code = [f.stem for room in ("evaluations", "experiments", "methods") for f in (SOURCE / room).glob("[a-z]*.py")]
    files = [
        f.stem for room in ("evaluations", "experiments", "methods") for f in (ROOT / "params" / room).glob("*.yaml")
    ]
    names = {*code, *files} - other_words
    assert len(names) > 60
    for path in sorted((SOURCE / "report").rglob("*.*")):
        if path.suffix in (".py", ".html", ".js", ".css", ".typ"):
            text = _without_docstrings(path) if path.suffix == ".py" else path.read_text(encoding="utf-8")
            assert not names & set(re.findall(r"[a-z0-9_-]+", text.lower())), path


def _without_docstrings(path: Path) -> str:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef) and ast.get_docstring(node):
            node.body = node.body[1:]
    return ast.unparse(tree)


def test_only_recipes_know_configuration_objects():
    for path in FILES:
        if path.relative_to(SOURCE).parts[0] in set(ARROWS) - {"config", "store"}:
            assert "yaml" not in at_the_top(path) or path.name in ("lock.py", "provenance.py"), path
            assert "BaseModel" not in path.read_text(encoding="utf-8"), path


@pytest.mark.parametrize("path", FILES, ids=[str(f.relative_to(SOURCE)) for f in FILES])
def test_files_are_short_and_documented(path):
    text = path.read_text(encoding="utf-8")
    if path.name == "__init__.py" and not text:
        return  # a folder that can be named in a recipe has its code there
    assert len(text.splitlines()) <= 260
    assert ast.get_docstring(ast.parse(text)), f"{path} says nothing of itself"


def length(node: ast.FunctionDef) -> int:
    """Return how many lines a function has, its docstring aside."""
    first = node.body[0]
    said = (first.end_lineno or 0) - first.lineno + 1 if ast.get_docstring(node) else 0
    return (node.end_lineno or 0) - node.lineno + 1 - said


def test_functions_are_short():
    functions = {
        f"{path.name}:{node.name}": length(node)
        for path in FILES
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef)
    }
    assert {name: lines for name, lines in functions.items() if lines > 56} == {}


def test_the_snakefile_is_short_and_rules_are_one_command():
    assert len((ROOT / "Snakefile").read_text().splitlines()) <= 60
    for path in (ROOT / "workflow" / "rules").glob("*.smk"):
        text = path.read_text()
        assert "run:" not in text
        assert "script:" not in text
        assert path.name == "named.smk" or ("log:" in text and "benchmark:" in text and '"selfsup ' in text)
