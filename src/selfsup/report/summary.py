"""Prose with numbers from the results: the suite's summary, and sentences about the claims."""

import re
from collections import Counter
from collections.abc import Mapping

from selfsup.report.claims import Verdict
from selfsup.report.claims_table import KINDS, signed
from selfsup.report.content import PLACEHOLDER, Content
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


def sentences(content: Content, verdicts: Mapping[tuple[str, str], Verdict]) -> list[str]:
    """Return a sentence about each kind of claims that was judged, and one with those that were contradicted."""
    kinds = [_verdicts(kind, verdicts) for kind in KINDS if any(v.kind == kind for v in verdicts.values())]
    contradicted = [
        f"{content.claims[name].sentence.removesuffix('.')} ({group}: {signed(verdict.difference, verdict.unit)})"
        for (name, group), verdict in verdicts.items()
        if verdict.verdict == "contradicted" and verdict.difference
    ]
    return [*kinds, *([f"Contradicted: {'; '.join(contradicted)}."] if contradicted else [])]


def _verdicts(kind: str, verdicts: Mapping[tuple[str, str], Verdict]) -> str:
    counts = Counter(verdict.verdict for verdict in verdicts.values() if verdict.kind == kind)
    listed = ", ".join(f"{n} {verdict}" for verdict, n in sorted(counts.items()))
    return f"{CLAIMS_OF[kind]}, {counts.total()} verdicts: {listed}."
