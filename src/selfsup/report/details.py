"""What is behind the numbers: a record for each cell of the page, and the means of metrics.json."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from selfsup.config import signature
from selfsup.report.claims import Verdict
from selfsup.report.content import Content
from selfsup.report.group import Group, Member, Scoring
from selfsup.report.rows import select
from selfsup.report.scores import Score, Scores, baselines, measured_variants, quantities, score, scored

HEAD = ["seed", "value", "over the test set, 95 %", "sd over draws", "n"]


def every_score(group: Group, rows: pd.DataFrame, main: Scores) -> Scores:
    """Return the main table's scores and all others that were measured: of each declared metric, and of the baselines
    in rows of tables, which are the first variant's."""
    scores = dict(main)
    for scoring in group.scorings:
        measured, shown = scored(rows, scoring), scoring.protocol.shown
        variants = measured_variants(group, measured)
        for quantity in quantities(shown, measured):
            pairs = [(variant, quantity) for variant in variants]
            pairs += [(variants[0], quantity.at(baseline=name)) for name in baselines(shown, measured)]
            found = [score(group, measured, scoring, quantity, variant) for variant, quantity in pairs]
            scores |= {(s.variant, s.key): s for s in found if s.interval}
    return scores


def metrics(
    content: Content, scores: Mapping[str, Scores], verdicts: Mapping[tuple[str, str], Verdict]
) -> dict[str, Any]:
    """Return what ``dvc exp show`` compares: measures {group: {variant: {key: mean}}}, claims {group: {claim: verdict}}, and
    as measures half_widths, of the 95 % intervals over seeds where there are several.

    Single layers and baselines are in ``results.csv`` only.
    """
    measures: dict[str, dict[str, dict[str, float]]] = {group.name: {} for group in content.groups}
    half_widths: dict[str, dict[str, dict[str, float]]] = {group.name: {} for group in content.groups}
    for group in measures:
        for (variant, key), s in scores[group].items():
            if s.interval is not None and not s.quantity.dimensions.keys() & {"layer", "baseline"}:
                measures[group].setdefault(variant, {})[key] = round(s.interval.mean, 4)
                if s.interval.half_width is not None:
                    half_widths[group].setdefault(variant, {})[key] = round(s.interval.half_width, 4)
    claims: dict[str, dict[str, str]] = {group.name: {} for group in content.groups}
    for (claim, group), verdict in verdicts.items():
        claims[group][claim] = verdict.verdict
    return {"measures": measures, "half_widths": half_widths, "claims": claims}


def records(group: Group, rows: pd.DataFrame, scores: Scores) -> dict[str, dict[str, Any]]:
    """Return the group's records, as finished text, by the ``detail`` of the cells."""
    undeclared = {scoring.key: _undeclared(rows, scoring) for scoring in group.scorings}
    return {
        f"{group.name}/{variant}/{key}": _record(group, undeclared[score.scoring.key], score)
        for (variant, key), score in scores.items()
    }


def _undeclared(rows: pd.DataFrame, scoring: Scoring) -> pd.DataFrame:
    """Return a scoring's rows of metrics that its evaluation does not declare, such as the solver's last gradient norm."""
    measured = select(scored(rows, scoring), baseline="")
    return measured[~measured["metric"].isin(list(scoring.protocol.shown.metrics))]


def _record(group: Group, undeclared: pd.DataFrame, score: Score) -> dict[str, Any]:
    scoring, quantity, protocol = score.scoring, score.quantity, score.scoring.protocol
    members = group.seeds_of(score.variant)
    paths = {member.seed: scoring.measures(member) for member in members}
    qualifiers = [quantity.labels] if quantity.headline else [quantity.title, *quantity.qualifiers]
    keys = {"evaluation": protocol.evaluation, **protocol.arguments}
    lines = [
        _mean(score),
        *_diagnostics(undeclared, score),
        ["protocol", "; ".join(f"{key} = {value}" for key, value in keys.items())],
        ["code", signature.label(f"evaluations.{protocol.evaluation}")],
        *_folders(group, scoring, members),
        *([f"trace seed {s}", f"selfsup trace {path.parent}"] for s, path in paths.items() if path and path.exists()),
    ]
    title = ", ".join([group.title(score.variant), scoring.title, *qualifiers, group.name])
    return {
        "title": title,
        "lines": lines,
        "head": HEAD,
        "seeds": [_seed(row) for row in score.rows.to_dict("records")],
    }


def _mean(score: Score) -> list[str]:
    interval, text = score.interval, f"{score.text} {score.quantity.spec.unit}".rstrip()
    if interval is None:
        return ["no number", score.absent]
    if interval.half_width is None:
        return ["one seed", f"{text}; no interval over seeds"]
    return [f"mean of n = {interval.n} seeds", f"{text} [{interval.low:.2f}, {interval.high:.2f}]"]


def _diagnostics(undeclared: pd.DataFrame, score: Score) -> list[list[str]]:
    """Return the undeclared metrics of the score's protocol by seed, at the same labels."""
    other = select(undeclared, variant=score.variant)
    fraction = score.quantity.dimensions.get("label_fraction")
    other = other[other["label_fraction"].isna() | (other["label_fraction"] == fraction)] if len(other) else other
    return [
        [str(metric).replace("_", " "), ", ".join(_value(row) for row in of_metric.to_dict("records"))]
        for metric, of_metric in other.groupby("metric", sort=True)
    ]


def _value(row: dict[Any, Any]) -> str:
    return f"{row['value']:.3g}" + (f" ({row['layer']})" if row["layer"] else "")


def _folders(group: Group, scoring: Scoring, members: list[Member]) -> list[list[str]]:
    target = scoring.target
    folders_of = {
        "run": [member.run for member in members],
        "features": [member.features[target.name] for member in members if target.name in member.features],
        "data": [group.pretrain_data.prepared],
        "scored on": [target.prepared] if scoring.transfer else [],
    }
    return [[kind, ", ".join(dict.fromkeys(map(str, folders)))] for kind, folders in folders_of.items() if folders]


def _seed(row: dict[Any, Any]) -> list[str]:
    bounds = "" if pd.isna(row["boot_low"]) else f"{row['boot_low']:.1f} to {row['boot_high']:.1f}"
    spread = "" if pd.isna(row["probe_sd"]) else f"{row['probe_sd']:.1f}"
    return [str(row["seed"]), f"{row['value']:.2f}", bounds, spread, str(row["n"])]
