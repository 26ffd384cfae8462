"""Docstrings are the one place where a deviation is written; the table reads those of the modules it is given."""

from selfsup import extensions
from selfsup.report import papers

MODULE = '''"""A module.

Differs: the module
    says so over two lines.

Other text.
"""


import no_such_module


class Loss:
    """A loss.

    Source: Chen et al. 2020, eq. 1.
    Differs: half of ``the`` sum.
    """

    def forward(self):
        """Rows are in whole batches. Differs: rounded."""


def plain():
    """Collects `Differs:` lines, and states none."""
'''


def test_every_deviation_of_the_named_modules_is_a_row(tmp_path, monkeypatch):
    monkeypatch.setattr(extensions, "packages", lambda: {"toy"})
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "toy" / "sub").mkdir(parents=True)
    (tmp_path / "toy" / "sub" / "loss.py").write_text(MODULE)
    (tmp_path / "toy" / "sub" / "other.py").write_text(MODULE)
    table = papers.deviations_table(["toy.sub.loss", "toy.sub", "toy.sub.loss"])
    assert [[cell.text for cell in row] for row in table.rows] == [
        ["toy/sub/loss.py", "", "the module says so over two lines."],
        ["toy/sub/loss.py: Loss", "Chen et al. 2020, eq. 1.", "half of the sum."],
        ["toy/sub/loss.py: forward", "", "rounded."],
    ]


def test_the_projects_own_modules_are_found():
    rows = papers.deviations_table(["selfsup.methods.moco"]).rows
    assert rows
    assert all(row[0].text.startswith("methods/moco.py") for row in rows)
