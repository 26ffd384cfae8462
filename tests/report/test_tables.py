"""One table, three forms."""

import csv
import io

from selfsup.report.tables import Cell, Column, Table, as_csv, as_latex, as_values

TABLE = Table(
    "t",
    "A title",
    [Column("method", "method"), Column("knn", "kNN", "1 % of labels", numeric=True)],
    [[Cell("moco_v1"), Cell("50.1 ± 0.3", strong=True)], [Cell('a, "b"'), Cell("", "why", absent=True)]],
)


def test_csv_reads_back():
    rows = list(csv.reader(io.StringIO(as_csv(TABLE))))
    assert rows == [["method", "kNN (1 % of labels)"], ["moco_v1", "50.1 ± 0.3"], ['a, "b"', " (why)"]]


def test_latex_is_booktabs_and_escaped():
    assert as_latex(TABLE).splitlines() == [
        r"\begin{tabular}{lr}",
        r"\toprule",
        r"method & kNN (1 \% of labels) \\",
        r"\midrule",
        r"moco\_v1 & \textbf{50.1 $\pm$ 0.3} \\",
        r'a, "b" &  (why) \\',
        r"\bottomrule",
        r"\end{tabular}",
    ]


def test_select_keeps_order_and_cells_together():
    one = TABLE.select(["knn"])
    assert [column.key for column in one.columns] == ["knn"]
    assert [row[0].text for row in one.rows] == ["50.1 ± 0.3", ""]


def test_values_are_plain():
    assert as_values(TABLE)["rows"][0][1] == {
        "text": "50.1 ± 0.3",
        "note": "",
        "value": None,
        "strong": True,
        "absent": False,
        "tone": "",
        "detail": "",
    }
