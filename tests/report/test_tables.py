"""One table, three forms."""

import csv
import io

from selfsup.report.tables import Cell, Column, Table, as_csv, as_latex, split

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
    one = TABLE.select([1])
    assert [column.key for column in one.columns] == ["knn"]
    assert [row[0].text for row in one.rows] == ["50.1 ± 0.3", ""]


def test_a_wide_table_is_split_into_equal_parts_that_repeat_other_columns():
    columns = [Column("method", "method"), *(Column(str(n), str(n), numeric=True) for n in range(5))]
    table = Table("t", "T", columns, [[Cell(column.heading) for column in columns]], ["note"])
    parts = split(table, 4)
    assert [[column.key for column in part.columns] for part in parts] == [
        ["method", "0", "1", "2"],
        ["method", "3", "4"],
    ]
    assert [[cell.text for cell in part.rows[0]] for part in parts] == [["method", "0", "1", "2"], ["method", "3", "4"]]
    assert [(part.title, part.notes) for part in parts] == [("T", ["note"]), ("T, continued", [])]
    assert split(table, 5) == [table]
