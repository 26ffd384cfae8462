"""Prose whose numbers come from the results: the suite's own words, and what the tables add up to."""

import re
from collections import Counter
from collections.abc import Mapping

from selfsup.report.accuracy import printed
from selfsup.report.claims import Verdict
from selfsup.report.content import Content, Group
from selfsup.report.headline import Score, Scores, anchor
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


def sentences(content: Content, scores: Mapping[str, Scores], judged: Mapping[tuple[str, str], Verdict]) -> list[str]:
    """Return a sentence on each group's best self-supervised linear probe, and one on the claims."""
    found = [_best(group, scores[group.name]) for group in content.groups]
    counts = Counter(verdict.verdict for verdict in judged.values())
    if counts:
        listed = ", ".join(f"{n} {verdict}" for verdict, n in sorted(counts.items()))
        found.append(f"Of {sum(counts.values())} verdicts on {len(content.claims)} claims: {listed}.")
    return [sentence for sentence in found if sentence]


def _best(group: Group, table: Scores) -> str:
    probe = group.first_protocol("linear_probe")
    probes = [score for (_, key), score in table.items() if key == probe and score.interval]
    learned = [score for score in probes if not anchor(group, score.variant)]
    if not learned:
        return ""
    best = max(learned, key=_mean)
    anchors = [f"{score.variant} {printed(score.interval)}" for score in probes if anchor(group, score.variant)]
    seeds = f"{len(group.seeds)} seeds" if len(group.seeds) > 1 else "one seed"
    between = f" (anchors: {', '.join(anchors)})" if anchors else ""
    return (
        f"On {group.name}, {seeds}, {best.variant} has the best self-supervised linear probe: "
        f"{printed(best.interval)} %{between}."
    )


def _mean(score: Score) -> float:
    return score.interval.mean if score.interval else 0.0
