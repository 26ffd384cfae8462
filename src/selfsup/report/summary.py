"""Prose whose numbers come from the results: the suite's own words, and what the tables add up to."""

import re
from collections import Counter
from collections.abc import Mapping

from selfsup.errors import InputError
from selfsup.report.accuracy import printed
from selfsup.report.claims import Verdict
from selfsup.report.content import Content, Group
from selfsup.report.headline import Score, Scores, anchor

PLACEHOLDER = re.compile(r"\{([^{}]*)\}")


def fill(content: Content, scores: Mapping[str, Scores]) -> str:
    """Return the suite's summary with each ``{group/variant/evaluation}`` replaced by its number.

    A number that was not measured says so; a name that no table has is an InputError.
    """

    def number(match: re.Match[str]) -> str:
        group, _, rest = match[1].partition("/")
        variant, _, key = rest.partition("/")
        score = scores.get(group, {}).get((variant, key))
        if score is None:
            raise InputError(
                f"The summary of suite {content.suite} names {match[0]}, which no table has: "
                "write {group/variant/evaluation} of this suite, such as "
                f"{{{_example(scores)}}}."
            )
        return printed(score.interval)

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
    probes = [score for (_, key), score in table.items() if key == "linear_probe" and score.interval]
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


def _example(scores: Mapping[str, Scores]) -> str:
    return next((f"{group}/{variant}/{key}" for group, table in scores.items() for variant, key in table), "")
