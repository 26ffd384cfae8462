"""Result rows: a table of all measures, and the reason for each missing one."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from selfsup.report.content import Content, Experiment
from selfsup.report.group import Group, Scoring
from selfsup.report.tables import no_formula
from selfsup.results import COLUMNS, DIMENSIONS

KEY = ["pretrain_set", "variant", "seed", "dataset", "protocol", "metric", "split", *DIMENSIONS]
TEXT = ["unit", "baseline", "subset", "layer"]
NUMBERS = ["at", "label_fraction", "shots", "probe_sd", "boot_low", "boot_high"]
NOT_EVALUATED = "not evaluated in this suite"


def result_rows(content: Content, group: Group) -> pd.DataFrame:
    """Return the group's result rows, one per measure, with ``results.COLUMNS``; ``run`` is the run folder's name."""
    rows = [
        {
            "suite": content.suite,
            "method": member.method,
            "variant": member.variant,
            "encoder": encoder_name(member.recipe),
            "pretrain_set": group.pretrain_data.name,
            "seed": member.seed,
            "run": member.run.parent.name,
            "evaluation": scoring.protocol.evaluation,
            "protocol": scoring.protocol.name,
            "dataset": scoring.target.name,
            **measure,
        }
        for member in group.members
        for scoring in group.scorings
        if (path := scoring.measures(member))
        for measure in _read(path)["measures"]
    ]
    return _table(rows)


def experiment_rows(content: Content, experiment: Experiment) -> pd.DataFrame:
    """Return an experiment's result rows: its name is method, variant and protocol, and the data sets are empty."""
    columns = {"suite": content.suite, "encoder": "", "pretrain_set": "", "dataset": ""}
    names = dict.fromkeys(("method", "variant", "evaluation", "protocol"), experiment.name)
    rows = [
        {**columns, **names, "seed": seed, "run": path.parent.parent.name, **measure}
        for seed, path in experiment.measures.items()
        for measure in _read(path)["measures"]
    ]
    return _table(rows)


def _table(rows: list[dict[str, Any]]) -> pd.DataFrame:
    """Return the rows with every column: text that a measure omits is empty, numbers are NaN."""
    table = pd.DataFrame(rows, columns=COLUMNS)
    table[TEXT] = table[TEXT].astype(object).where(table[TEXT].notna(), "")
    table[NUMBERS] = table[NUMBERS].astype(float)
    return table


def _read(path: Path) -> dict[str, Any]:
    """Return a measures file; that of a failed evaluation does not exist, and is empty."""
    if not path.exists():
        return {"measures": [], "not_applicable": None}
    content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return content


def select(rows: pd.DataFrame, **columns: Any) -> pd.DataFrame:
    """Return the rows that have these values; None stands for NaN."""
    found = np.arange(len(rows))
    for column, value in columns.items():  # each column is compared in the rows that the ones before left
        values = rows[column].to_numpy()[found]
        found = found[pd.isna(values) if value is None else values == value]
    return rows.iloc[found]


def numbers(rows: pd.DataFrame, variant: str, protocol: str, metric: str, **where: Any) -> pd.DataFrame:
    """Return a variant's rows of one metric under one protocol.

    ``where`` may have the columns of ``results.DIMENSIONS``, all others being empty, and ``dataset``, by default the
    pretraining data.
    """
    matching = select(rows, variant=variant, protocol=protocol, metric=metric)
    dataset = where.get("dataset")
    matching = matching[matching["dataset"] == (dataset or matching["pretrain_set"])]
    return at_dimensions(matching, **where)


def at_dimensions(rows: pd.DataFrame, **where: Any) -> pd.DataFrame:
    """Return the rows with these values of ``results.DIMENSIONS``, all others being empty."""
    empty = {name: "" if name in TEXT else None for name in DIMENSIONS}
    values = {name: value for name, value in where.items() if name in DIMENSIONS and value is not None}
    return select(rows, **empty | values)


def by_seed(rows: pd.DataFrame) -> dict[int, float]:
    """Return the values of rows of different seeds by seed."""
    return dict(zip(rows["seed"].tolist(), rows["value"].tolist(), strict=True))


def absence(group: Group, variant: str, scoring: Scoring) -> str:
    """Return why a variant has no number under a protocol."""
    paths = [path for member in group.seeds_of(variant) if (path := scoring.measures(member))]
    if not paths:
        return NOT_EVALUATED
    reasons = {_read(path)["not_applicable"] for path in paths} - {None}
    return f"does not apply: {min(reasons)}" if reasons else "missing"


def write_results(path: Path, tables: list[pd.DataFrame]) -> None:
    """Write results.csv, sorted, with eight significant digits; rows of runs that groups share are written once."""
    table = pd.concat(tables, ignore_index=True).sort_values(KEY, kind="stable").drop_duplicates()
    texts = table.select_dtypes(exclude="number").columns
    table[texts] = table[texts].map(lambda cell: no_formula(cell) if isinstance(cell, str) else cell)
    table.to_csv(path, index=False, float_format="%.8g", lineterminator="\n")


def encoder_name(recipe: dict[str, Any]) -> str:
    """Return an encoder's description in one line, e.g. ``small_conv width=24``, its parts joined by a plus."""
    encoder = dict(recipe.get("encoder", {}))
    if "parts" in encoder:
        return " + ".join(encoder_name({"encoder": part}) for part in encoder["parts"])
    backbone = str(encoder.pop("backbone", ""))
    return " ".join([backbone, *(f"{key}={value}" for key, value in sorted(encoder.items()))])
