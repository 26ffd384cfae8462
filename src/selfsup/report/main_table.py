"""The main table of a group: methods by evaluations, with anchors, budgets and published numbers."""

from dataclasses import replace

from selfsup.report.budgets import budget, unequal_budgets
from selfsup.report.content import Content
from selfsup.report.floors import NOT_ABOVE, not_above_floor
from selfsup.report.group import Group
from selfsup.report.papers import reported_cell
from selfsup.report.ranking import above_classical, best_classical, best_first, best_within_noise, ranks
from selfsup.report.rows import NOT_EVALUATED
from selfsup.report.scores import BETTER, Score, Scores, columns
from selfsup.report.tables import Cell, Column, Table, capitalized, joined

CONTEXT = [
    Column("seeds", "seeds", numeric=True),
    Column("images", "examples", "through the encoder", numeric=True),
    Column("updates", "updates", "steps of training", numeric=True),
]
BUDGET_NOTE = (
    "Examples through the encoder include those through a momentum copy; a patch or a frame counts by its share. Equal "
    "examples are not equal updates: a method whose batch passes the encoder in several copies takes fewer."
)
REPORTED = [
    Column("published", "published", "other data or encoder", numeric=True),
    Column("peer", "peer", "other budget", numeric=True),
]
REPORTED_NOTE = "They are of other data, encoders and budgets, named below each."
DASH = "\N{EN DASH}"
ABOVE = "\N{UPWARDS ARROW}"
SEEDS_NOTE = (
    "± half the width of the 95 % t-interval over {} of pretraining alone: the test set and the training data are one draw "
    "each. Bold is the best self-supervised mean and every one whose paired difference from it has zero in its 95 % interval. "
    "A rank is a range where such differences do not tell rows apart."
)


def main_table(group: Group, scores: Scores) -> Table:
    """Return the table, named by its metric, best rows of its first column first; records are ``group/variant/column``."""
    by_column = columns(scores)
    metrics = _metrics(by_column)
    headings = [Column("method", "method"), *_headings(by_column), *CONTEXT]
    cells = [_cells(group, column) for column in by_column.values()]
    rows = [_row(group, variant, [column[variant] for column in cells]) for variant in _in_order(group, by_column)]
    title = metrics[0] if len(metrics) == 1 else "results" if metrics else "runs"
    name, heading = f"{title.split()[-1].lower()}-{group.name}", f"{capitalized(title)} on {group.name}"
    return _without_empty(Table(name, heading, headings, rows, _notes(group, by_column, rows)))


def _without_empty(table: Table) -> Table:
    """Return the table without the columns that have no text, except for the first."""
    return table.select([n for n in range(len(table.columns)) if n == 0 or any(row[n].text for row in table.rows)])


def _in_order(group: Group, by_column: dict[str, list[Score]]) -> list[str]:
    """Return the variants by the first column, the best first, then those without a number there in the suite's order."""
    first = next(iter(by_column.values()), [])
    measured = [score.variant for score in best_first([score for score in first if score.interval])]
    return [*measured, *(variant for variant in group.variants if variant not in measured)]


def reported_table(content: Content, group: Group, scores: Scores) -> Table:
    """Return the published and peers' numbers beside the first number of the main table, in its order."""
    by_column = columns(scores)
    ours = [_cells(group, column) for column in by_column.values()][:1]
    rows = []
    for variant in _in_order(group, by_column):
        cells = [reported_cell(content.reported, variant, kind) for kind in ("paper", "peer")]
        if any(cell.text for cell in cells):
            numbers = [Cell(cell.text, cell.note, cell.value) for cell in (column[variant] for column in ours)]
            rows.append([Cell(group.title(variant), group.anchor(variant)), *numbers, *cells])
    headings = [Column("method", "method"), *_headings(by_column)[:1], *REPORTED]
    title = f"Published and peers' numbers beside ours on {group.name}"
    return _without_empty(Table(f"reported-{group.name}", title, headings, rows, [REPORTED_NOTE]))


def _row(group: Group, variant: str, scored: list[Cell]) -> list[Cell]:
    seeds = len(group.seeds_of(variant))
    return [
        Cell(group.title(variant), group.anchor(variant)),
        *scored,
        Cell(str(seeds), value=seeds),
        _count(budget(group, variant)),
        _count(budget(group, variant, "steps")),
    ]


def _cells(group: Group, column: list[Score]) -> dict[str, Cell]:
    """Return the cells of one column by variant: bold, rank, above the best classical row, not told from untrained."""
    bold, rank = best_within_noise(group, column), ranks(column)
    above, untrained = above_classical(group, column), not_above_floor(group, column)
    cells = {}
    for score in column:
        name = score.variant
        seeds = sum(score.scoring.measures(member) is not None for member in group.seeds_of(name))
        missing = f"{len(score.values)} of {seeds} seeds" if len(score.values) < seeds else ""
        if score.interval is None:
            cells[name] = _absent(group, score)
            continue
        cell = score.cell(group, joined(missing, NOT_ABOVE if name in untrained else "", score.flags), name in bold)
        cells[name] = replace(cell, text=f"{cell.text} {ABOVE}" if name in above else cell.text, rank=rank[name])
    return cells


def _absent(group: Group, score: Score) -> Cell:
    text, _, note = (DASH if score.absent == NOT_EVALUATED else score.absent).partition(": ")
    return Cell(text, note, absent=True, detail=f"{group.name}/{score.variant}/{score.key}")


def _count(count: int | None) -> Cell:
    return Cell("missing", absent=True) if count is None else Cell(f"{count:,}", value=count)


def _metrics(by_column: dict[str, list[Score]]) -> list[str]:
    return list(dict.fromkeys(column[0].quantity.title for column in by_column.values()))


def _headings(by_column: dict[str, list[Score]]) -> list[Column]:
    return [_column(column, len(_metrics(by_column)) > 1) for column in by_column.values()]


def _column(column: list[Score], mixed: bool) -> Column:
    """Return a column's heading, with its metric where the columns are ``mixed``, of several metrics."""
    scoring, quantity, lower = column[0].scoring, column[0].quantity, column[0].quantity.spec.better == "lower"
    labels = quantity.labels if any(score.values for score in column) else ""
    metric = [quantity.title, quantity.spec.unit] if mixed else []
    note = joined(labels, *metric, BETTER["lower"] if lower else "")
    return Column(column[0].key, scoring.title, note, numeric=True, lower=lower)


def _notes(group: Group, by_column: dict[str, list[Score]], rows: list[list[Cell]]) -> list[str]:
    units = {column[0].quantity.spec.unit for column in by_column.values()}
    notes = ["One pretraining seed: there is no interval, and bold is only the best number."]
    if not units:
        notes = ["Pretrained runs; their evaluations have tables of their own below."]
    elif group.repeated:
        notes = [f"{'Percent: mean' if units == {'%'} else 'Mean'} {SEEDS_NOTE.format(group.seeds)}"]
    if units and any(map(group.anchor, group.variants)):
        notes.append("The anchors are to compare with, and never bold.")
    if any(best_classical(group, column) for column in by_column.values()):
        notes.append(f"{ABOVE} marks what is clearly above the best classical row of its column.")
    if any(cell.text == DASH for row in rows for cell in row):
        notes.append(f"A dash ({DASH}) means {NOT_EVALUATED}.")
    return [*notes, *_untrained(group, by_column), BUDGET_NOTE, *_unequal(group)]


def _untrained(group: Group, by_column: dict[str, list[Score]]) -> list[str]:
    """Return what the mark of untrained numbers means, with the floors that it was judged by; nothing without a mark."""
    floors = [s.variant for column in by_column.values() for s in not_above_floor(group, column).values()]
    titles = ", ".join(map(group.title, dict.fromkeys(floors)))
    sentence = (
        f"{capitalized(NOT_ABOVE)}: the 95 % interval of the paired difference from {titles} is not entirely better."
    )
    return [sentence] if floors else []


def _unequal(group: Group) -> list[str]:
    ends = [f"{count:,} ({group.title(name)})" for name, count in unequal_budgets(group, group.variants).items()]
    return [f"Examples are not equal here: from {' to '.join(ends)}."] if ends else []
