"""What stands behind each number of the page: its seeds, its protocol, its code, its data and its runs."""

from typing import Any

import pandas as pd

from selfsup.config import signature
from selfsup.report.content import Group, Member, Scoring
from selfsup.report.headline import Scores
from selfsup.report.intervals import spelled
from selfsup.report.quantities import Score, baselines, quantities, score, scored

HEAD = ["seed", "value", "test bootstrap, 95 %", "sd over draws", "n"]


def every_score(group: Group, rows: pd.DataFrame, main: Scores) -> Scores:
    """Return the main table's scores, and all others that were measured: of every declared metric, and of the baselines
    that stand in rows, for the first variant of each."""
    found = dict(main)
    for scoring in group.scorings:
        own, shown = scored(rows, scoring), scoring.protocol.shown
        names = baselines(shown, own)
        variants = [variant for variant in group.variants if variant in set(own["variant"])]
        for quantity in quantities(shown, own):
            ours = [score(group, own, scoring, quantity, variant) for variant in variants]
            beside = [score(group, own, scoring, quantity.at("baseline", name), variants[0]) for name in names]
            found |= {(one.variant, one.key): one for one in [*ours, *beside] if one.interval}
    return found


def records(group: Group, rows: pd.DataFrame, scores: Scores) -> dict[str, dict[str, Any]]:
    """Return the group's records by the cells' ``detail`` name: finished text, which the page only lays out."""
    own = {scoring.key: scored(rows, scoring) for scoring in group.scorings}
    return {
        f"{group.name}/{variant}/{key}": _record(group, own[one.scoring.key], one)
        for (variant, key), one in scores.items()
    }


def _record(group: Group, own: pd.DataFrame, one: Score) -> dict[str, Any]:
    scoring, quantity = one.scoring, one.quantity
    protocol = scoring.protocol
    members = [member for member in group.members if member.variant == one.variant]
    of = [quantity.labels] if quantity.headline else [quantity.title, *quantity.words]
    keys = {"evaluation": protocol.evaluation, **protocol.arguments}
    lines = [
        _mean_line(one) if one.interval else ["no number", one.absent],
        *_beside(own, one),
        ["protocol", "; ".join(f"{key} = {value}" for key, value in keys.items())],
        ["code", signature.label(f"evaluations.{protocol.evaluation}")],
        *_folders(group, scoring, members),
        *_traces(members, scoring),
    ]
    seeds = [_seed(row) for row in one.rows.to_dict("records")]
    title = ", ".join([group.title(one.variant), scoring.title, *of, group.name])
    return {"title": title, "lines": lines, "head": HEAD, "seeds": seeds}


def _folders(group: Group, scoring: Scoring, members: list[Member]) -> list[list[str]]:
    """Return the artefacts of the runs; the data that were scored, where they are not what was pretrained on."""
    target = scoring.target
    found = {
        "run": [member.run for member in members],
        "features": [member.features[target.name] for member in members if target.name in member.features],
        "data": [group.pretrain_data.prepared],
        "scored on": [target.prepared] if scoring.foreign else [],
    }
    return [[kind, ", ".join(dict.fromkeys(map(str, folders)))] for kind, folders in found.items() if folders]


def _traces(members: list[Member], scoring: Scoring) -> list[list[str]]:
    """Return the command that prints all that a seed's number came from; a seed without the file has nothing to trace."""
    paths = {member.seed: member.measures.get((scoring.target.name, scoring.protocol.name)) for member in members}
    return [
        [f"trace seed {seed}", f"selfsup trace {path.parent}"]
        for seed, path in paths.items()
        if path is not None and path.exists()
    ]


def _mean_line(one: Score) -> list[str]:
    interval, declared = one.interval, one.quantity.declared
    assert interval is not None
    text = f"{spelled(interval, declared.decimals)} {declared.unit}".rstrip()
    if interval.half_width is None:
        return ["one seed", f"{text}; no interval over seeds"]
    return [f"mean of n = {interval.n} seeds", f"{text} [{interval.low:.2f}, {interval.high:.2f}]"]


def _beside(own: pd.DataFrame, one: Score) -> list[list[str]]:
    """Return what the protocol says of itself beside its scores, such as the solver's last gradient norm, by seed."""
    other = own[(own["variant"] == one.variant) & ~own["metric"].isin(list(one.quantity.shown.metrics))]
    other = other[other["baseline"] == ""]
    return [
        [str(metric).replace("_", " "), ", ".join(_value(row) for row in found.to_dict("records"))]
        for metric, found in other.groupby("metric", sort=True)
    ]


def _value(row: dict[Any, Any]) -> str:
    return f"{row['value']:.3g}" + (f" ({row['layer']})" if row["layer"] else "")


def _seed(row: dict[Any, Any]) -> list[str]:
    bounds = "" if pd.isna(row["boot_low"]) else f"{row['boot_low']:.1f} to {row['boot_high']:.1f}"
    spread = "" if pd.isna(row["probe_sd"]) else f"{row['probe_sd']:.1f}"
    return [str(row["seed"]), f"{row['value']:.2f}", bounds, spread, str(row["n"])]
