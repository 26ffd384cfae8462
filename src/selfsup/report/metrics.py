"""The means that ``dvc exp show`` compares."""

from collections.abc import Mapping
from typing import Any

from selfsup.report.claims import Verdict
from selfsup.report.content import Content
from selfsup.report.headline import Scores


def metrics(
    content: Content, scores: Mapping[str, Scores], judged: Mapping[tuple[str, str], Verdict]
) -> dict[str, Any]:
    """Return measures {group: {variant: {number: mean}}} and claims {group: {claim: verdict}}.

    Numbers are named as in the page's address; single layers and baselines are left to ``results.csv``.
    """
    found: dict[str, Any] = {"measures": {}, "claims": {}}
    for group in content.groups:
        means: dict[str, dict[str, float]] = {}
        for (variant, key), score in scores[group.name].items():
            if score.interval is not None and not score.quantity.where.keys() & {"layer", "baseline"}:
                means.setdefault(variant, {})[key] = round(score.interval.mean, 4)
        found["measures"][group.name] = means
        found["claims"][group.name] = {
            claim: judged[claim, group.name].verdict for claim in content.claims if (claim, group.name) in judged
        }
    return found
