"""The means that ``dvc exp show`` compares."""

from collections.abc import Mapping
from typing import Any

from selfsup.report.claims import Verdict
from selfsup.report.content import Content
from selfsup.report.headline import Scores


def metrics(
    content: Content, scores: Mapping[str, Scores], judged: Mapping[tuple[str, str], Verdict]
) -> dict[str, Any]:
    """Return accuracy {group: {variant: {evaluation: mean percent}}} and claims {group: {claim: verdict}}."""
    found: dict[str, Any] = {"accuracy": {}, "claims": {}}
    for group in content.groups:
        means: dict[str, dict[str, float]] = {}
        for (variant, key), score in scores[group.name].items():
            if score.interval is not None:
                means.setdefault(variant, {})[key] = round(score.interval.mean, 4)
        found["accuracy"][group.name] = means
        found["claims"][group.name] = {
            claim: judged[claim, group.name].verdict for claim in content.claims if (claim, group.name) in judged
        }
    return found
