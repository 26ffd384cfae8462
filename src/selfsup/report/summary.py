"""Prose whose numbers come from the results: the suite's own words, and what the tables add up to."""

import re
from collections import Counter
from collections.abc import Mapping

import pandas as pd

from selfsup.report.claims import Verdict
from selfsup.report.content import Content, Group
from selfsup.report.headline import Scores, anchor, learned
from selfsup.report.main_table import printed
from selfsup.report.metric_table import families, metric_table
from selfsup.report.quantities import Score
from selfsup.report.schemas import PLACEHOLDER, check_summary


def fill(content: Content, scores: Mapping[str, Scores]) -> str:
    """Return the suite's summary with each ``{group/variant/evaluation}`` replaced by its number.

    A number that was not measured says so; a name that no table can have is an InputError.
    """
    groups = {group.name: group.variants for group in content.groups}
    check_summary(content.suite, content.summary, groups, content.keys)

    def number(match: re.Match[str]) -> str:
        group, variant, key = match[1].split("/")
        score = scores[group].get((variant, key))
        return printed(score.interval, score.quantity.declared.decimals) if score else printed(None)

    return PLACEHOLDER.sub(number, content.summary)


def sentences(
    content: Content,
    scores: Mapping[str, Scores],
    rows: Mapping[str, pd.DataFrame],
    judged: Mapping[tuple[str, str], Verdict],
) -> list[str]:
    """Return a sentence or two on what each group's table is about, and one on the claims."""
    found = [
        sentence
        for group in content.groups
        for sentence in _headlines(group, scores[group.name]) or _compared(group, rows[group.name])
    ]
    counts = Counter(verdict.verdict for verdict in judged.values())
    if counts:
        listed = ", ".join(f"{n} {verdict}" for verdict, n in sorted(counts.items()))
        found.append(f"Of {sum(counts.values())} verdicts on {len(content.claims)} claims: {listed}.")
    return found


def _headlines(group: Group, table: Scores) -> list[str]:
    """Return a sentence on the group's first headline, and on the other protocols of its evaluation that all runs have."""
    columns: dict[str, list[Score]] = {}
    for (_, key), score in table.items():
        columns.setdefault(key, []).append(score)
    measured = {key: found for key, found in columns.items() if all(score.interval for score in found)}
    first = next(iter(measured or columns), "")
    evaluation = columns[first][0].scoring.protocol.evaluation if columns else ""
    asked = [found for found in measured.values() if found[0].scoring.protocol.evaluation == evaluation]
    return [sentence for found in asked or list(columns.values())[:1] if (sentence := _best(group, found))]


def _best(group: Group, found: list[Score]) -> str:
    ordered = learned(group, found)
    if not ordered:
        return ""
    best, unit = ordered[0], ordered[0].quantity.declared.unit
    bounds = [score for score in found if score.interval and anchor(group, score.variant)]
    anchors = [f"{group.title(score.variant)} {_printed(score)}" for score in bounds]
    between = f" (anchors: {', '.join(anchors)})" if anchors else ""
    return (
        f"On {group.name}, {_seeds(group)}, {group.title(best.variant)} has the best self-supervised "
        f"{best.scoring.title}: {_printed(best)} {unit}{between}."
    )


def _printed(score: Score) -> str:
    return printed(score.interval, score.quantity.declared.decimals)


def _compared(group: Group, rows: pd.DataFrame) -> list[str]:
    """Return a sentence on the first number of the group's first table of metrics, baselines and all."""
    tables = [table for family in families(group, rows) if (table := metric_table(group, family, rows)).rows]
    if not tables:
        return []
    n, column = next((n, column) for n, column in enumerate(tables[0].columns) if column.numeric)
    listed = "; ".join(f"{row[0].text} {row[n].text}" for row in tables[0].rows if row[n].value is not None)
    return [f"On {group.name}, {_seeds(group)}, {column.heading} ({column.note}): {listed}."]


def _seeds(group: Group) -> str:
    return f"{len(group.seeds)} seeds" if len(group.seeds) > 1 else "one seed"
