"""The main table of a group: methods by evaluations, with their anchors, their cost and their papers' numbers."""

import json

from selfsup.report.content import Content, Group, Member
from selfsup.report.headline import Evaluation, Score, Scores, anchor, best_within_noise
from selfsup.report.intervals import Interval, spelled
from selfsup.report.published import beside
from selfsup.report.tables import Cell, Column, Table


def printed(interval: Interval | None) -> str:
    """Return a score as tables print it: the mean, and half the width of its interval where there is one."""
    return "not measured" if interval is None else spelled(interval, 1)


def accuracy_table(content: Content, group: Group, scores: Scores) -> Table:
    """Return the table, rows in the suite's order; detail records are named ``group/variant/evaluation``."""
    shown = list(dict.fromkeys(score.evaluation for score in scores.values()))
    bold = {evaluation.key: best_within_noise(group, scores, evaluation) for evaluation in shown}
    rows = [_row(content, group, scores, variant, shown, bold) for variant in group.variants]
    columns = [Column("method", "method"), *(_column(e, scores) for e in shown), *_context_columns()]
    used = [n for n, column in enumerate(columns) if n == 0 or any(row[n].text for row in rows)]
    kept, cells = [columns[n] for n in used], [[row[n] for n in used] for row in rows]
    notes = _notes(group, {column.key for column in kept}, bool(shown))
    title = f"Top-1 accuracy on {group.name}" if shown else f"Runs on {group.name}"
    return Table(f"accuracy-{group.name}", title, kept, cells, notes)


def _row(
    content: Content,
    group: Group,
    scores: Scores,
    variant: str,
    shown: list[Evaluation],
    bold: dict[str, set[str]],
) -> list[Cell]:
    members = [member for member in group.members if member.variant == variant]
    cells = [_score_cell(group, scores[variant, e.key], variant in bold[e.key]) for e in shown]
    context = [
        Cell(str(len(members)), value=len(members)),
        _images(members),
        beside(content.reported, variant, "paper"),
        beside(content.reported, variant, "peer"),
    ]
    return [Cell(variant, anchor(group, variant)), *cells, *context]


def _score_cell(group: Group, score: Score, strong: bool) -> Cell:
    detail = f"{group.name}/{score.variant}/{score.evaluation.key}"
    if score.interval is None:
        reason, _, why = score.absent.partition(": ")
        return Cell(reason, why, absent=True, detail=detail)
    short = len(score.values) < len(group.seeds)
    note = f"{len(score.values)} of {len(group.seeds)} seeds" if short else ""
    return Cell(printed(score.interval), note, score.interval.mean, strong, detail=detail)


def _images(members: list[Member]) -> Cell:
    path = members[0].run / "summary.json" if members else None
    if path is None or not path.exists():
        return Cell("missing", absent=True)
    images = int(json.loads(path.read_text(encoding="utf-8"))["images_through_encoder"])
    return Cell(f"{images:,}", value=images)


def _column(evaluation: Evaluation, scores: Scores) -> Column:
    measured = any(score.values for (_, key), score in scores.items() if key == evaluation.key)
    return Column(evaluation.key, evaluation.name, evaluation.labels if measured else "", numeric=True)


def _context_columns() -> list[Column]:
    return [
        Column("seeds", "seeds", numeric=True),
        Column("images", "examples", "through the encoder", numeric=True),
        Column("published", "published", "other data or encoder", numeric=True),
        Column("peer", "peer", "other budget", numeric=True),
    ]


def _notes(group: Group, shown: set[str], has_scores: bool) -> list[str]:
    notes = ["One pretraining seed: there is no interval, and bold is only the highest number."]
    if not has_scores:
        notes = ["What was trained; what is measured of it has tables of its own below."]
    elif len(group.seeds) > 1:
        notes = [
            "Percent: mean ± half the width of the 95 % t-interval over "
            f"{len(group.seeds)} pretraining seeds (data fixed); bold is the best self-supervised mean and every one "
            "whose paired difference from it has zero in its 95 % interval."
        ]
    if has_scores and any(anchor(group, variant) for variant in group.variants):
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
