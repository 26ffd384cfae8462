"""What a method makes of held-out examples, in numbers, with the baselines of each: one table an evaluation (qualities.py)."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import pandas as pd

from selfsup.report.content import Group
from selfsup.report.headline import anchor
from selfsup.report.intervals import mean_interval, spelled
from selfsup.report.qualities import QUALITIES, Quality
from selfsup.report.rows import absence
from selfsup.report.tables import Cell, Column, Table


@dataclass(frozen=True)
class Entry:
    """One number of a quality table: whose it is, its result rows, and the record that stands behind it."""

    variant: str
    column: str
    metric: str
    rows: pd.DataFrame
    detail: str


def quality_tables(group: Group, rows: pd.DataFrame) -> list[Table]:
    """Return the tables of those evaluations that measured anything in the group."""
    tables = (_table(_measured(quality, group, rows), group, rows) for quality in QUALITIES)
    return [table for table in tables if table.rows]


def _measured(quality: Quality, group: Group, rows: pd.DataFrame) -> Quality:
    """Return a quality with those of its columns that some run has a number in: data without keypoints has no PCK."""
    found = set(rows[rows["protocol"] == group.first_protocol(quality.evaluation)]["metric"])
    return replace(quality, columns={key: column for key, column in quality.columns.items() if key in found})


def entries(quality: Quality, group: Group, rows: pd.DataFrame) -> Iterator[tuple[str, str, list[Entry]]]:
    """Yield (name, small print, entries) of each row: the variants that have numbers, then the first one's baselines."""
    protocol = group.first_protocol(quality.evaluation)
    found = rows[rows["protocol"] == protocol]
    variants = [variant for variant in group.variants if variant in set(found["variant"])]
    for variant in variants:
        yield variant, anchor(group, variant), _entries(quality, group, found, variant, protocol, "")
    for suffix, name in quality.baselines.items() if variants else ():
        made = _entries(quality, group, found, variants[0], protocol, suffix)
        if any(len(entry.rows) for entry in made):
            yield name, f"baseline, beside {variants[0]}", made


def _entries(
    quality: Quality, group: Group, rows: pd.DataFrame, variant: str, protocol: str, suffix: str
) -> list[Entry]:
    own = rows[rows["variant"] == variant]
    return [
        Entry(
            variant,
            column,
            f"{column}{suffix}",
            own[own["metric"] == f"{column}{suffix}"],
            f"{group.name}/{variant}/{protocol}/{column}{suffix}",
        )
        for column in quality.columns
    ]


def _table(quality: Quality, group: Group, rows: pd.DataFrame) -> Table:
    """Return the table of those columns that have a number: a data set may lack what another marks."""
    found = list(entries(quality, group, rows))
    used = [n for n in range(len(quality.columns)) if any(len(made[n].rows) for _, _, made in found)]
    known = list(quality.columns.items())
    columns = [Column("method", "method")]
    columns += [Column(known[n][0], *known[n][1][:2], numeric=True) for n in used]
    body = [[Cell(name, note), *(_cell(quality, group, made[n]) for n in used)] for name, note, made in found if used]
    over = "mean ± half the width of the 95 % t-interval over seeds" if len(group.seeds) > 1 else "one seed"
    return Table(
        f"{quality.evaluation}-{group.name}",
        f"{quality.title} on {group.name}",
        columns,
        body,
        [f"Held-out images; {over}.", quality.note],
    )


def _cell(quality: Quality, group: Group, entry: Entry) -> Cell:
    if entry.rows.empty:
        if entry.metric != entry.column:
            return Cell("", absent=True)
        reason, _, why = absence(group, entry.variant, group.first_protocol(quality.evaluation)).partition(": ")
        return Cell(reason, why, absent=True)
    interval = mean_interval(entry.rows["value"].tolist())
    text = spelled(interval, quality.columns[entry.column][2])
    return Cell(text, value=interval.mean, detail=entry.detail)
