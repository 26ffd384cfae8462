"""Measures to result rows: one table of every number, and for each number that is not there the reason."""

import json
from pathlib import Path
from typing import Any

import pandas as pd

from selfsup.report.content import Content, Group, Member
from selfsup.results import COLUMNS

KEY = ["pretrain_set", "variant", "seed", "protocol", "label_fraction", "metric", "split", "layer"]


def result_rows(content: Content, group: Group) -> pd.DataFrame:
    """Return the group's result rows, one a measure, with ``results.COLUMNS``; ``run`` is the run folder's name."""
    rows = [
        {**_run_columns(content, group, member), **_protocol_columns(content, protocol), **measure}
        for member in group.members
        for protocol, path in sorted(member.measures.items())
        for measure in _read(path)["measures"]
    ]
    return pd.DataFrame(rows, columns=COLUMNS)


def experiment_rows(content: Content, name: str) -> pd.DataFrame:
    """Return an experiment's result rows: its name stands for method, variant and protocol, and there is no data."""
    columns = {"suite": content.suite, "encoder": "", "pretrain_set": "", "dataset": ""}
    names = dict.fromkeys(("method", "variant", "evaluation", "protocol"), name)
    rows = [
        {**columns, **names, "seed": member.seed, "run": member.measures.parent.parent.name, **measure}
        for member in content.experiments[name]
        for measure in _read(member.measures)["measures"]
    ]
    return pd.DataFrame(rows, columns=COLUMNS)


def numbers(
    rows: pd.DataFrame, variant: str, protocol: str, metric: str, label_fraction: float | None = None
) -> pd.DataFrame:
    """Return a variant's rows of one metric under one protocol, at one share of the labels or where there is none."""
    same = (rows["variant"] == variant) & (rows["protocol"] == protocol) & (rows["metric"] == metric)
    fraction = rows["label_fraction"]
    return rows[same & (fraction.isna() if label_fraction is None else fraction == label_fraction)]


def absence(group: Group, variant: str, protocol: str) -> str:
    """Return in words why a variant has no number under a protocol."""
    paths = [m.measures[protocol] for m in group.members if m.variant == variant and protocol in m.measures]
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
        "pretrain_set": group.data_recipe.get("name", group.dataset),
        "seed": member.seed,
        "dataset": group.dataset,
        "run": member.run.parent.name,
    }


def _protocol_columns(content: Content, protocol: str) -> dict[str, Any]:
    return {"evaluation": content.protocols[protocol]["evaluation"], "protocol": protocol}


def _read(path: Path) -> dict[str, Any]:
    """Return a measures file; one that a failed evaluation left out reads as empty, so that its cell says missing."""
    if not path.exists():
        return {"measures": [], "not_applicable": None}
    content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return content
