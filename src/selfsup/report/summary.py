"""Prose with numbers from the results: the suite's summary, and sentences about each table and the claims."""

import re
from collections import Counter
from collections.abc import Mapping

import pandas as pd

from selfsup.report.claims import Verdict
from selfsup.report.claims_table import KINDS
from selfsup.report.content import PLACEHOLDER, Content
from selfsup.report.group import Group
from selfsup.report.metric_table import families, metric_table
from selfsup.report.overview import headlines
from selfsup.report.scores import NOT_MEASURED, Scores

CLAIMS_OF = {
    "published difference": "Claims of papers with a published difference",
    "order only": "Claims of which only the order is comparable",
    "sanity": "Floors, bounds and baselines that no paper prints",
}


def fill(content: Content, scores: Mapping[str, Scores]) -> str:
    """Return the suite's summary with each ``{group/variant/evaluation}`` replaced by its number, if it has one.

    Raises InputError for a name that no table can have.
    """
    content.check_summary()

    def number(match: re.Match[str]) -> str:
        group, variant, key = match[1].split("/")
        score = scores[group].get((variant, key))
        return score.text if score else NOT_MEASURED

    return PLACEHOLDER.sub(number, content.summary)


def sentences(
    content: Content,
    scores: Mapping[str, Scores],
    rows: Mapping[str, pd.DataFrame],
    verdicts: Mapping[tuple[str, str], Verdict],
) -> list[str]:
    """Return a sentence about each group that is not in the overview, and one about each kind of claims."""
    text = [
        sentence
        for group in content.groups
        if not headlines(group, scores[group.name])
        for sentence in _first_metric(group, rows[group.name])
    ]
    return text + [_verdicts(kind, verdicts) for kind in KINDS if any(v.kind == kind for v in verdicts.values())]


def _verdicts(kind: str, verdicts: Mapping[tuple[str, str], Verdict]) -> str:
    counts = Counter(verdict.verdict for verdict in verdicts.values() if verdict.kind == kind)
    listed = ", ".join(f"{n} {verdict}" for verdict, n in sorted(counts.items()))
    return f"{CLAIMS_OF[kind]}, {counts.total()} verdicts: {listed}."


def _first_metric(group: Group, rows: pd.DataFrame) -> list[str]:
    """Return a sentence with the first column of the group's first table of metrics, including baselines."""
    tables = [table for family in families(group, rows) if (table := metric_table(group, family, rows)).rows]
    if not tables:
        return []
    n, column = next((n, column) for n, column in enumerate(tables[0].columns) if column.numeric)
    listed = "; ".join(f"{row[0].text} {row[n].text}" for row in tables[0].rows if row[n].value is not None)
    return [f"On {group.name}, {group.seeds}, {column.heading} ({column.note}): {listed}."]
