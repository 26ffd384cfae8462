"""Data of `dvc plots`: curves and scores as long tables, which the templates in workflow/plots draw, one commit over another."""

import math
from collections.abc import Iterable, Mapping
from pathlib import Path

import pandas as pd

from selfsup.report.figures.training import read_curves
from selfsup.report.group import Group
from selfsup.report.scores import Score

CURVES = ["group", "run", "images", "loss", "pretext_accuracy"]
SCORES = ["group", "score", "run", "mean", "low", "high"]


def write_plots(folder: Path, groups: Iterable[Group], scores: Mapping[str, Mapping[tuple[str, str], Score]]) -> None:
    """Write ``curves.csv``, means over seeds at each logged step, and ``scores.csv``, the headline metrics with their 95 %
    intervals, empty with one seed."""
    folder.mkdir()
    groups = list(groups)
    _write(pd.concat([_curves(group) for group in groups]), CURVES, folder / "curves.csv")
    _write(
        pd.DataFrame([row for group in groups for row in _scores(group, scores[group.name])]),
        SCORES,
        folder / "scores.csv",
    )


def _curves(group: Group) -> pd.DataFrame:
    curves = read_curves(group).reindex(columns=["variant", "step", *CURVES[2:]])
    means = curves.groupby(["variant", "step"], as_index=False, sort=False).mean()
    return means.assign(group=group.name, run=means["variant"].map(group.title))


def _scores(group: Group, scores: Mapping[tuple[str, str], Score]) -> list[dict[str, object]]:
    return [
        {
            "group": group.name,
            "score": f"{score.scoring.title}: {score.quantity.title}",
            "run": group.title(variant),
            "mean": score.interval.mean,
            "low": score.interval.low,
            "high": score.interval.high,
        }
        for (variant, _), score in scores.items()
        if score.interval is not None
    ]


def _write(table: pd.DataFrame, columns: list[str], file: Path) -> None:
    finite = table.reindex(columns=columns).replace([math.inf, -math.inf], math.nan)  # one seed has no interval
    finite.to_csv(file, index=False, float_format="%.6g", lineterminator="\n")
