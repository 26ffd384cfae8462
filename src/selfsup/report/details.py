"""What stands behind each number of the page: its seeds, its protocol, its code, its data and its runs."""

from typing import Any

import pandas as pd

from selfsup.report.content import Content, Group, Member
from selfsup.report.few_shot import detail as few_shot_detail
from selfsup.report.few_shot import few_shots
from selfsup.report.headline import Scores
from selfsup.report.intervals import mean_interval, spelled
from selfsup.report.label_curve import detail, label_curves
from selfsup.report.qualities import QUALITIES
from selfsup.report.quality import entries
from selfsup.report.rows import absence

HEAD = ["seed", "value", "test bootstrap, 95 %", "layer", "sd over draws", "n"]
GRIDS = {
    "linear_probe": ("top1_by_layer", "layer"),
    "frame_probe": ("top1_by_layer", "layer"),
    "pretext": ("pretext_accuracy", "metric"),
}


def records(content: Content, group: Group, rows: pd.DataFrame, scores: Scores) -> dict[str, dict[str, Any]]:
    """Return the group's records by the cells' ``detail`` name: finished text, which the page only lays out."""
    found = {}
    for (variant, key), score in scores.items():
        title = f"{variant}, {score.evaluation.name}, {score.evaluation.labels}"
        place = (variant, score.evaluation.protocol)
        found[f"{group.name}/{variant}/{key}"] = _record(content, group, rows, place, title, score.rows)
    for protocol, (prefix, by) in _grids(group).items():
        own = rows[(rows["protocol"] == protocol) & rows["metric"].str.startswith(prefix)]
        for place, column, chosen in _grid(group, own, protocol, by):
            name = f"{group.name}/{place[0]}/{place[1]}/{column}"
            title = f"{place[0]}, {place[1].replace('_', ' ')}, {column.replace('_', ' ')}"
            found[name] = _record(content, group, rows, place, title, chosen)
    more = (_quality_records, _label_records, _few_shot_records)
    return found | {name: record for read in more for name, record in read(content, group, rows).items()}


def _quality_records(content: Content, group: Group, rows: pd.DataFrame) -> dict[str, dict[str, Any]]:
    found = {}
    for quality in QUALITIES:
        protocol = group.first_protocol(quality.evaluation)
        for _, _, made in entries(quality, group, rows):
            for entry in made:
                if len(entry.rows):
                    title = f"{entry.variant}, {quality.evaluation}, {entry.metric.replace('_', ' ')}"
                    place = (entry.variant, protocol)
                    found[entry.detail] = _record(content, group, rows, place, title, entry.rows)
    return found


def _label_records(content: Content, group: Group, rows: pd.DataFrame) -> dict[str, dict[str, Any]]:
    found = {}
    for curve in label_curves(content, group, rows):
        for count, part in curve.rows.items():
            title = f"{curve.variant}, {curve.ending}, {count} labels a class"
            place = (curve.variant, curve.protocol)
            found[detail(group, curve, count)] = _record(content, group, rows, place, title, part)
    return found


def _few_shot_records(content: Content, group: Group, rows: pd.DataFrame) -> dict[str, dict[str, Any]]:
    return {
        few_shot_detail(group, one, count): _record(
            content, group, rows, (one.variant, one.protocol), f"{one.variant}, probe of {count} labels a class", part
        )
        for one in few_shots(group, rows)
        for count, part in one.shots.items()
    }


def _grids(group: Group) -> dict[str, tuple[str, str]]:
    """Return what the grids show, by protocol: the first of an evaluation, and every probe of frames."""
    return {
        protocol: GRIDS[evaluation]
        for protocol, evaluation in group.protocols.items()
        if evaluation in GRIDS and (evaluation == "frame_probe" or protocol == group.first_protocol(evaluation))
    }


def _grid(group: Group, rows: pd.DataFrame, protocol: str, by: str) -> list[tuple[tuple[str, str], str, pd.DataFrame]]:
    return [
        ((variant, protocol), column, rows[(rows["variant"] == variant) & (rows[by] == column)])
        for variant in group.variants
        for column in dict.fromkeys(rows[by].tolist())
    ]


def _record(
    content: Content, group: Group, rows: pd.DataFrame, place: tuple[str, str], title: str, chosen: pd.DataFrame
) -> dict[str, Any]:
    variant, protocol = place
    members = [member for member in group.members if member.variant == variant]
    parameters = content.protocols[protocol]
    lines = [
        _mean_line(chosen) if len(chosen) else ["no number", absence(group, variant, protocol)],
        *_beside(rows, variant, protocol),
        ["protocol", "; ".join(f"{key} = {value}" for key, value in parameters.items())],
        ["code", f"src/selfsup/evaluations/{parameters['evaluation']}.py"],
        *_folders(members),
        *_traces(members, protocol),
    ]
    seeds = [_seed(row) for row in chosen.to_dict("records")]
    return {"title": f"{title}, {group.name}", "lines": lines, "head": HEAD, "seeds": seeds}


def _folders(members: list[Member]) -> list[list[str]]:
    found = {
        "run": [member.run for member in members],
        "features": [member.features for member in members],
        "data": [member.prepared for member in members],
    }
    return [[kind, ", ".join(dict.fromkeys(map(str, folders)))] for kind, folders in found.items()]


def _traces(members: list[Member], protocol: str) -> list[list[str]]:
    """Return the command that prints all that a seed's number came from; a seed without the file has nothing to trace."""
    paths = {member.seed: member.measures.get(protocol) for member in members}
    return [
        [f"trace seed {seed}", f"selfsup trace {path.parent}"]
        for seed, path in paths.items()
        if path is not None and path.exists()
    ]


def _mean_line(chosen: pd.DataFrame) -> list[str]:
    interval = mean_interval(chosen["value"].tolist())
    unit = str(chosen["unit"].iloc[0])
    text = f"{spelled(interval, 1 if unit == '%' else 2)} {unit}".rstrip()
    if interval.half_width is None:
        return ["one seed", f"{text}; no interval over seeds"]
    return [f"mean of n = {interval.n} seeds", f"{text} [{interval.low:.2f}, {interval.high:.2f}]"]


def _beside(rows: pd.DataFrame, variant: str, protocol: str) -> list[list[str]]:
    """Return what the protocol says of itself beside its scores, such as the solver's last gradient norm, by seed."""
    own = rows[(rows["variant"] == variant) & (rows["protocol"] == protocol)]
    other = own[(own["unit"] != "%") & ~own["evaluation"].isin([quality.evaluation for quality in QUALITIES])]
    return [
        [str(metric).replace("_", " "), ", ".join(f"{value:.3g}" for value in found["value"])]
        for metric, found in other.groupby("metric", sort=True)
    ]


def _seed(row: dict[Any, Any]) -> list[str]:
    bounds = "" if pd.isna(row["boot_low"]) else f"{row['boot_low']:.1f} to {row['boot_high']:.1f}"
    spread = "" if pd.isna(row["probe_sd"]) else f"{row['probe_sd']:.1f}"
    return [str(row["seed"]), f"{row['value']:.2f}", bounds, str(row["layer"]), spread, str(row["n"])]
