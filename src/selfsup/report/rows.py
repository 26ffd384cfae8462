"""Measures to result rows: one table of every number, and for each number that is not there the reason."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from selfsup.report.content import Content, Experiment, Group, Member, Scoring
from selfsup.results import COLUMNS, DIMENSIONS

KEY = ["pretrain_set", "variant", "seed", "dataset", "protocol", "metric", "split", *DIMENSIONS]
TEXT = ["unit", "baseline", "subset", "layer"]
NUMBERS = ["at", "label_fraction", "shots", "probe_sd", "boot_low", "boot_high"]


def result_rows(content: Content, group: Group) -> pd.DataFrame:
    """Return the group's result rows, one a measure, with ``results.COLUMNS``; ``run`` is the run folder's name."""
    rows = [
        {**_run_columns(content, group, member), **_scoring_columns(scoring), **measure}
        for member in group.members
        for scoring in group.scorings
        if (path := member.measures.get((scoring.target.name, scoring.protocol.name)))
        for measure in _read(path)["measures"]
    ]
    return _table(rows)


def experiment_rows(content: Content, experiment: Experiment) -> pd.DataFrame:
    """Return an experiment's result rows: its name stands for method, variant and protocol, and there is no data."""
    columns = {"suite": content.suite, "encoder": "", "pretrain_set": "", "dataset": ""}
    names = dict.fromkeys(("method", "variant", "evaluation", "protocol"), experiment.name)
    return _table(
        [
            {**columns, **names, "seed": seed, "run": path.parent.parent.name, **measure}
            for seed, path in experiment.measures.items()
            for measure in _read(path)["measures"]
        ]
    )


def _table(rows: list[dict[str, Any]]) -> pd.DataFrame:
    """Return the rows with every column: words that a measure leaves out are empty, numbers NaN."""
    table = pd.DataFrame(rows, columns=COLUMNS)
    table[TEXT] = table[TEXT].astype(object).where(table[TEXT].notna(), "")
    table[NUMBERS] = table[NUMBERS].astype(float)
    return table


def select(rows: pd.DataFrame, **columns: Any) -> pd.DataFrame:
    """Return the rows that have these values; None stands for no value."""
    same = np.ones(len(rows), bool)
    for column, value in columns.items():
        held = rows[column].to_numpy()
        same &= pd.isna(held) if value is None else held == value
    return rows[same]


def numbers(rows: pd.DataFrame, variant: str, protocol: str, metric: str, **where: Any) -> pd.DataFrame:
    """Return a variant's rows of one metric under one protocol.

    ``where`` may name a column of ``results.DIMENSIONS``; one that it does not name must be empty. Without ``dataset`` it
    is the data that were pretrained on.
    """
    found = select(rows, variant=variant, protocol=protocol, metric=metric)
    dataset = where.get("dataset")
    found = found[found["dataset"] == (dataset or found["pretrain_set"])]
    empty = {name: "" if name in TEXT else None for name in DIMENSIONS}
    return select(found, **{name: where.get(name) or nothing for name, nothing in empty.items()})


def absence(group: Group, variant: str, scoring: Scoring) -> str:
    """Return in words why a variant has no number under a protocol."""
    place = (scoring.target.name, scoring.protocol.name)
    paths = [m.measures[place] for m in group.members if m.variant == variant and place in m.measures]
    if not paths:
        return "not asked of this run"
    reasons = {_read(path)["not_applicable"] for path in paths} - {None}
    return f"does not apply: {min(reasons)}" if reasons else "missing"


def write_results(path: Path, tables: list[pd.DataFrame]) -> None:
    """Write results.csv: sorted, eight significant digits, empty where there is no value; runs that groups share stand once."""
    table = pd.concat(tables, ignore_index=True).sort_values(KEY, kind="stable").drop_duplicates()
    table.to_csv(path, index=False, float_format="%.8g", lineterminator="\n")


def encoder_name(recipe: dict[str, Any]) -> str:
    """Return an encoder's description in one line, e.g. ``small_conv width=24``; of its parts, with a plus between."""
    encoder = dict(recipe.get("encoder", {}))
    if "parts" in encoder:
        return " + ".join(encoder_name({"encoder": part}) for part in encoder["parts"])
    backbone = str(encoder.pop("backbone", ""))
    return " ".join([backbone, *(f"{key}={value}" for key, value in sorted(encoder.items()))])


def _run_columns(content: Content, group: Group, member: Member) -> dict[str, Any]:
    return {
        "suite": content.suite,
        "method": member.method,
        "variant": member.variant,
        "encoder": encoder_name(member.recipe),
        "pretrain_set": group.pretrain_data.name,
        "seed": member.seed,
        "run": member.run.parent.name,
    }


def _scoring_columns(scoring: Scoring) -> dict[str, Any]:
    protocol = scoring.protocol
    return {"evaluation": protocol.evaluation, "protocol": protocol.name, "dataset": scoring.target.name}


def _read(path: Path) -> dict[str, Any]:
    """Return a measures file; one that a failed evaluation left out reads as empty, so that its cell says missing."""
    if not path.exists():
        return {"measures": [], "not_applicable": None}
    content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return content
