"""The imports that are allowed between packages, and limits of files and functions, read from the syntax."""

import ast
import re
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

from tests.conftest import ROOT

SOURCE = ROOT / "src" / "selfsup"
FILES = sorted(SOURCE.rglob("*.py"))
PLAIN = {"errors", "seeds", "extensions", "optional", "specs"}
ALLOWED = {
    "methods": {"methods", "nn", "losses", "views"} | PLAIN,
    "nn": {"nn", "views"} | PLAIN,
    "tables": {"tables", "nn", "views"} | PLAIN,
    "specs": {"specs", "extensions", "errors"},
    "losses": {"losses"} | PLAIN,
    "views": {"views"} | PLAIN,
    "optim": {"optim"} | PLAIN,
    "datasets": {"datasets", "hdf5"} | PLAIN,
    "experiments": {"experiments", "losses", "nn", "optim", "results"} | PLAIN,
    "evaluations": {"evaluations", "nn", "views", "results", "datasets", "hdf5", "optim"} | PLAIN,
    "training": {"training", "methods", "nn", "optim", "datasets", "hdf5", "device"} | PLAIN,
    "testing": {"testing", "methods", "nn", "config", "training"} | PLAIN,
    "loggers": {"loggers", "extensions", "errors"},
    "report": {"report", "results", "config"} | PLAIN,
    "config": {"config", "datasets"} | PLAIN,
    "store": {"store", "config"} | PLAIN,
    "pipeline": {"pipeline", "store", "config", "report", "results", "progress", "loggers", "device"}
    | {"datasets", "nn", "methods", "training", "evaluations", "views", "hdf5"}
    | PLAIN,
}
HEAVY = {"torch", "torchvision", "pandas", "numpy", "h5py", "matplotlib", "scipy"}
PLANNED = [
    f for package in ("config", "specs", "store", "pipeline") for f in sorted((SOURCE / package).glob("[a-z]*.py"))
]
LATE = {"feasibility", "apply", "propagated", "contact_sheet"}  # what a command imports in its function
PLANNING = [*(str(f.relative_to(SOURCE)) for f in PLANNED if f.stem not in LATE), "cli.py", "errors.py"]


def names(node: ast.Import | ast.ImportFrom) -> list[str]:
    """Return the full names that a statement imports, each as a module or as a name in one."""
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    assert node.level == 0, "a relative import"
    return [f"{node.module}.{alias.name}" for alias in node.names]


def imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import | ast.ImportFrom):
            yield from names(node)


def imported_on_load(path: Path) -> Iterator[str]:
    """Yield what is imported with the module, not inside its functions or for type checkers alone."""
    waiting: list[ast.AST] = [ast.parse(path.read_text(encoding="utf-8"))]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.Import | ast.ImportFrom):
            yield from names(node)
        elif isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING"):
            waiting += node.orelse
        elif not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            waiting += ast.iter_child_nodes(node)


def violations(path: Path, allowed: set[str]) -> set[str]:
    own = {name.split(".")[1] for name in imports(path) if name.startswith("selfsup.")}
    return own - allowed


def test_every_package_has_its_allowed_imports():
    assert set(ALLOWED) == {file.parent.name for file in SOURCE.glob("*/__init__.py")}


@pytest.mark.parametrize("package", ALLOWED)
def test_a_package_imports_only_what_is_allowed(package):
    files = (SOURCE / package).rglob("*.py")
    assert {str(f.relative_to(SOURCE)): v for f in files if (v := violations(f, ALLOWED[package]))} == {}


def test_an_import_that_is_not_allowed_is_found(tmp_path):
    (tmp_path / "a.py").write_text("def late():\n    from selfsup.methods import simclr\n")
    assert violations(tmp_path / "a.py", ALLOWED["evaluations"]) == {"methods"}


def import_graph(source: Path) -> dict[str, set[str]]:
    """Return {module: modules that it imports on load} of the package in a folder."""
    files = {}
    for path in source.rglob("*.py"):
        parts = path.relative_to(source.parent).with_suffix("").parts
        files[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    graph = {}
    for module, path in files.items():
        targets = {name if name in files else name.rpartition(".")[0] for name in imported_on_load(path)}
        graph[module] = targets & files.keys()
    return graph


def test_no_module_imports_itself_through_others():
    order = list(TopologicalSorter(import_graph(SOURCE)).static_order())
    assert order.index("selfsup.errors") < order.index("selfsup.store.disk") < order.index("selfsup.cli")


def test_an_import_cycle_is_found(tmp_path):
    package = tmp_path / "selfsup"
    package.mkdir()
    (package / "a.py").write_text("from selfsup import b\n")
    (package / "b.py").write_text("class B:\n    from selfsup.c import C\n")
    (package / "c.py").write_text("try:\n    import selfsup.a\nexcept ImportError:\n    pass\n")
    with pytest.raises(CycleError):
        list(TopologicalSorter(import_graph(package)).static_order())
    (package / "c.py").write_text("def late():\n    import selfsup.a\n")
    assert list(TopologicalSorter(import_graph(package)).static_order()) == ["selfsup.c", "selfsup.b", "selfsup.a"]


def named_files(path: Path) -> list[str]:
    """Return the strings of a file, docstrings left out, that name a file of params/."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    docstrings = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    texts = [node for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)]
    return [text.value for text in texts if id(text) not in docstrings and "params/" in text.value]


@pytest.mark.parametrize(
    "package", ["methods", "nn", "losses", "views", "tables", "optim", "evaluations", "experiments"]
)
def test_no_error_below_config_names_a_file_of_params(package):
    """One evaluation has many protocols: an error names the key, and the job that ran it names the file."""
    assert {f.name: texts for f in (SOURCE / package).rglob("*.py") if (texts := named_files(f))} == {}


def test_a_named_file_is_found(tmp_path):
    source = 'def f(n):\n    """Of params/a.yaml."""\n    raise ValueError(f"params/evaluations/b.yaml: {n}")\n'
    (tmp_path / "a.py").write_text(source)
    assert named_files(tmp_path / "a.py") == ["params/evaluations/b.yaml: "]


def test_the_report_never_imports_torch():
    for path in (SOURCE / "report").rglob("*.py"):
        assert not {name.split(".")[0] for name in imports(path)} & {"torch", "torchvision"}, path


@pytest.mark.parametrize("module", PLANNING)
def test_planning_imports_nothing_heavy(module):
    assert not {name.split(".")[0] for name in imported_on_load(SOURCE / module)} & HEAVY


def test_training_names_no_method():
    other_words = {"base", "random", "clip"}  # a clip is also a short film
    methods = {f.stem for f in (SOURCE / "methods").glob("[a-z]*.py")} - other_words
    for path in (SOURCE / "training").glob("*.py"):
        text = path.read_text(encoding="utf-8").lower()
        assert not [name for name in methods if name in text], path


def test_the_report_names_no_evaluation_protocol_or_method():
    """No word of its code and templates is one of these names: titles come from the declarations of each."""
    other_words = {
        "features",
        "inputs",
        "rotation",
        "clip",
        "pixels",
    }  # an artefact, typst's, an axis, a film, a picture
    kinds = ("evaluations", "experiments", "methods")
    modules = [f.stem for kind in kinds for f in (SOURCE / kind).glob("[a-z]*.py")]
    files = [f.stem for kind in kinds for f in (ROOT / "params" / kind).glob("*.yaml")]
    forbidden = {*modules, *files} - other_words
    assert len(forbidden) > 60
    for path in sorted((SOURCE / "report").rglob("*.*")):
        if path.suffix in (".py", ".html", ".js", ".css", ".typ"):
            text = _without_docstrings(path) if path.suffix == ".py" else path.read_text(encoding="utf-8")
            assert not forbidden & set(re.findall(r"[a-z0-9_-]+", text.lower())), path


def _without_docstrings(path: Path) -> str:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef) and ast.get_docstring(node):
            node.body = node.body[1:]
    return ast.unparse(tree)


def test_only_config_has_configuration_objects():
    for path in FILES:
        if path.relative_to(SOURCE).parts[0] in set(ALLOWED) - {"config", "store"}:
            assert "yaml" not in imported_on_load(path) or path.name in ("lock.py", "provenance.py"), path
            assert "BaseModel" not in path.read_text(encoding="utf-8"), path


@pytest.mark.parametrize("path", FILES, ids=[str(f.relative_to(SOURCE)) for f in FILES])
def test_files_are_short_and_documented(path):
    text = path.read_text(encoding="utf-8")
    if path.name == "__init__.py" and not text:
        return  # only the folder of an evaluation has its code there
    assert len(text.splitlines()) <= 260
    assert ast.get_docstring(ast.parse(text)), f"{path} has no docstring"


def length(node: ast.FunctionDef) -> int:
    """Return how many lines a function has, without its docstring."""
    first = node.body[0]
    docstring = (first.end_lineno or 0) - first.lineno + 1 if ast.get_docstring(node) else 0
    return (node.end_lineno or 0) - node.lineno + 1 - docstring


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
        assert path.name == "named.smk" or ("log:" in text and '"selfsup ' in text)
