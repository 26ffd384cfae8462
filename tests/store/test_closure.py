"""Code enters a digest as syntax: comments, docstrings and formatting do not; constants do; strangers do not."""

import pytest

from selfsup import extensions
from selfsup.store import closure


def forget():
    for cached in (extensions.source, closure._read):
        cached.cache_clear()


@pytest.fixture
def package(tmp_path, monkeypatch):
    monkeypatch.setattr(extensions, "_packages", lambda: {"pkg"})
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "pkg" / "sub").mkdir(parents=True)
    for folder in ("pkg", "pkg/sub"):
        (tmp_path / folder / "__init__.py").write_text("")
    (tmp_path / "pkg" / "a.py").write_text('"""Doc."""\nfrom pkg.sub import b\nimport os\nX = 1  # why\n')
    (tmp_path / "pkg" / "sub" / "b.py").write_text("from . import c\nY = 2\n")
    (tmp_path / "pkg" / "sub" / "c.py").write_text("Z = 3\n")
    (tmp_path / "pkg" / "stranger.py").write_text("W = 4\n")
    forget()
    yield tmp_path / "pkg"
    forget()


def of_a():
    forget()
    return closure.closure("pkg.a")


def test_the_closure_holds_what_is_imported_and_nothing_else(package):
    assert set(of_a()) == {"pkg", "pkg.a", "pkg.sub", "pkg.sub.b", "pkg.sub.c"}


@pytest.mark.parametrize(
    "text",
    [
        '"""Doc."""\nfrom pkg.sub import b\nimport os\n# another comment\nX = 1\n',
        '"""Other doc."""\nfrom pkg.sub import b\nimport os\n\n\nX = (\n    1\n)\n',
        "from pkg.sub import b\nimport os\nX = 1\n",
    ],
)
def test_comments_docstrings_and_formatting_do_not_count(package, text):
    before = of_a()
    (package / "a.py").write_text(text)
    assert of_a() == before


def test_a_constant_three_imports_away_counts(package):
    before = of_a()
    (package / "sub" / "c.py").write_text("Z = 4\n")
    after = of_a()
    assert before != after
    assert before["pkg.a"] == after["pkg.a"]


def test_a_new_file_changes_nothing(package):
    before = of_a()
    (package / "sub" / "new.py").write_text("V = 5\n")
    (package / "stranger.py").write_text("W = 5\n")
    assert of_a() == before
