"""The main table of a group: methods by evaluations, with their anchors, their cost and their papers' numbers."""

import json

from selfsup.report.content import Content, Group, Member
from selfsup.report.headline import Scores, anchor, best_within_noise
from selfsup.report.intervals import Interval, spelled
from selfsup.report.published import beside
from selfsup.report.quantities import BETTER, Score
from selfsup.report.tables import Cell, Column, Table


def printed(interval: Interval | None, decimals: int = 1) -> str:
    """Return a score as tables print it: the mean, and half the width of its interval where there is one."""
    return "not measured" if interval is None else spelled(interval, decimals)


def main_table(content: Content, group: Group, scores: Scores) -> Table:
    """Return the table, rows in the suite's order; detail records are named ``group/variant/column``."""
    keys = list(dict.fromkeys(key for _, key in scores))
    by_column = {key: [scores[variant, key] for variant in group.variants] for key in keys}
    bold = {key: best_within_noise(group, found) for key, found in by_column.items()}
    metrics = list(dict.fromkeys(found[0].quantity.title for found in by_column.values()))
    rows = [_row(content, group, scores, variant, bold) for variant in group.variants]
    headings = [_column(found, len(metrics) > 1) for found in by_column.values()]
    columns = [Column("method", "method"), *headings, *_context_columns()]
    used = [n for n, column in enumerate(columns) if n == 0 or any(row[n].text for row in rows)]
    kept, cells = [columns[n] for n in used], [[row[n] for n in used] for row in rows]
    title = f"{metrics[0].capitalize()} on {group.name}" if len(metrics) == 1 else f"Results on {group.name}"
    if not keys:
        title = f"Runs on {group.name}"
    units = {found[0].quantity.declared.unit for found in by_column.values()}
    return Table(f"main-{group.name}", title, kept, cells, _notes(group, {column.key for column in kept}, units))


def _row(content: Content, group: Group, scores: Scores, variant: str, bold: dict[str, set[str]]) -> list[Cell]:
    members = [member for member in group.members if member.variant == variant]
    cells = [_score_cell(group, scores[variant, key], variant in strong) for key, strong in bold.items()]
    context = [
        Cell(str(len(members)), value=len(members)),
        _images(members),
        beside(content.reported, variant, "paper"),
        beside(content.reported, variant, "peer"),
    ]
    return [Cell(group.title(variant), anchor(group, variant)), *cells, *context]


def _score_cell(group: Group, score: Score, strong: bool) -> Cell:
    detail = f"{group.name}/{score.variant}/{score.key}"
    if score.interval is None:
        reason, _, why = score.absent.partition(": ")
        return Cell(reason, why, absent=True, detail=detail)
    short = len(score.values) < len(group.seeds)
    note = f"{len(score.values)} of {len(group.seeds)} seeds" if short else ""
    text = printed(score.interval, score.quantity.declared.decimals)
    return Cell(text, note, score.interval.mean, strong, detail=detail)


def _images(members: list[Member]) -> Cell:
    path = members[0].run / "summary.json" if members else None
    if path is None or not path.exists():
        return Cell("missing", absent=True)
    images = int(json.loads(path.read_text(encoding="utf-8"))["images_through_encoder"])
    return Cell(f"{images:,}", value=images)


def _column(found: list[Score], mixed: bool) -> Column:
    """Return a column's heading; ``mixed`` where columns are of several metrics, so that each names its own."""
    quantity, metric = found[0].quantity, found[0].quantity.declared
    labels = quantity.labels if any(score.values for score in found) else ""
    parts = [labels, quantity.title if mixed else "", metric.unit if mixed else ""]
    parts.append(BETTER["lower"] if metric.better == "lower" else "")
    note = ", ".join(part for part in parts if part)
    return Column(found[0].key, found[0].scoring.title, note, numeric=True, lower=metric.better == "lower")


def _context_columns() -> list[Column]:
    return [
        Column("seeds", "seeds", numeric=True),
        Column("images", "examples", "through the encoder", numeric=True),
        Column("published", "published", "other data or encoder", numeric=True),
        Column("peer", "peer", "other budget", numeric=True),
    ]


def _notes(group: Group, shown: set[str], units: set[str]) -> list[str]:
    notes = ["One pretraining seed: there is no interval, and bold is only the best number."]
    if not units:
        notes = ["What was trained; what is measured of it has tables of its own below."]
    elif len(group.seeds) > 1:
        notes = [
            f"{'Percent: mean' if units == {'%'} else 'Mean'} ± half the width of the 95 % t-interval over "
            f"{len(group.seeds)} pretraining seeds (data fixed); bold is the best self-supervised mean and every one "
            "whose paired difference from it has zero in its 95 % interval."
        ]
    if units and any(anchor(group, variant) for variant in group.variants):
        notes.append("The anchors bound the scale and are never bold.")
    if "images" in shown:
        notes.append(
            "Examples through the encoder count those through a momentum copy too, a patch or a frame by its share."
        )
    if shown & {"published", "peer"}:
        notes.append(
            "Published and peers' numbers are of other data, encoders and budgets, named below each: no ranking."
        )
    return notes
