"""Docstrings are the one place where a deviation is written; the table reads them all."""

from selfsup.report.deviations import deviations_table

MODULE = '''"""A module.

Differs: the module
    says so over two lines.

Other text.
"""


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


def test_every_deviation_is_a_row(tmp_path):
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "loss.py").write_text(MODULE)
    (tmp_path / "broken_import.py").write_text("import no_such_module\n")
    rows = [[cell.text for cell in row] for row in deviations_table(tmp_path).rows]
    assert rows == [
        ["sub/loss.py", "", "the module says so over two lines."],
        ["sub/loss.py: Loss", "Chen et al. 2020, eq. 1.", "half of the sum."],
        ["sub/loss.py: forward", "", "rounded."],
    ]


def test_the_report_states_no_deviation_of_its_own():
    assert not [row for row in deviations_table().rows if row[0].text.startswith("report/")]
