"""Prose whose numbers come from the results: the suite's own words, and what the tables add up to."""

import re
from collections import Counter
from collections.abc import Mapping

import pandas as pd

from selfsup.report.accuracy import printed
from selfsup.report.claims import Verdict
from selfsup.report.content import Content, Group
from selfsup.report.headline import Score, Scores, anchor, protocol_name
from selfsup.report.quality import quality_tables
from selfsup.report.schemas import PLACEHOLDER, check_summary


def fill(content: Content, scores: Mapping[str, Scores]) -> str:
    """Return the suite's summary with each ``{group/variant/evaluation}`` replaced by its number.

    A number that was not measured says so; a name that no table can have is an InputError.
    """
    groups = {group.name: group.variants for group in content.groups}
    check_summary(content.suite, content.summary, groups, content.protocols)

    def number(match: re.Match[str]) -> str:
        group, variant, key = match[1].split("/")
        score = scores[group].get((variant, key))
        return printed(score.interval if score else None)

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
        for sentence in _probed(group, scores[group.name]) or _compared(group, rows[group.name])
    ]
    counts = Counter(verdict.verdict for verdict in judged.values())
    if counts:
        listed = ", ".join(f"{n} {verdict}" for verdict, n in sorted(counts.items()))
        found.append(f"Of {sum(counts.values())} verdicts on {len(content.claims)} claims: {listed}.")
    return found


def _probed(group: Group, table: Scores) -> list[str]:
    """Return a sentence on the linear probe, or one on each probe of frames."""
    linear = group.first_protocol("linear_probe")
    frames = [protocol for protocol, evaluation in group.protocols.items() if evaluation == "frame_probe"]
    names = {linear: "linear probe"} if linear else {one: f"probe of {protocol_name(one)}" for one in frames}
    return [sentence for probe, name in names.items() if (sentence := _best(group, table, probe, name))]


def _best(group: Group, table: Scores, probe: str, name: str) -> str:
    probes = [score for (_, key), score in table.items() if key == probe and score.interval]
    learned = [score for score in probes if not anchor(group, score.variant)]
    if not learned:
        return ""
    best = max(learned, key=_mean)
    anchors = [f"{score.variant} {printed(score.interval)}" for score in probes if anchor(group, score.variant)]
    between = f" (anchors: {', '.join(anchors)})" if anchors else ""
    return (
        f"On {group.name}, {_seeds(group)}, {best.variant} has the best self-supervised {name}: "
        f"{printed(best.interval)} %{between}."
    )


def _compared(group: Group, rows: pd.DataFrame) -> list[str]:
    """Return a sentence on the first column of the group's first table of qualities, baselines and all."""
    tables = quality_tables(group, rows)
    if not tables:
        return []
    column = tables[0].columns[1]
    listed = "; ".join(f"{name.text} {number.text}" for name, number, *_ in tables[0].rows if number.text)
    return [f"On {group.name}, {_seeds(group)}, {column.heading} ({column.note}): {listed}."]


def _seeds(group: Group) -> str:
    return f"{len(group.seeds)} seeds" if len(group.seeds) > 1 else "one seed"


def _mean(score: Score) -> float:
    return score.interval.mean if score.interval else 0.0
