"""What a suite's own texts must hold: its claims, its reported numbers, and the placeholders of its summary.

Planning checks them, before anything is trained, so nothing heavy is imported here.
"""

import re
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, NonNegativeInt, PositiveFloat, model_validator

from selfsup.config.strict import Strict, check, nearest
from selfsup.errors import InputError

PLACEHOLDER = re.compile(r"\{([^{}]*)\}")
OWN_TABLE = (
    *("pretext", "inpainting", "colorization", "few_labels_blocks", "few_labels_scratch", "few_shot", "retrieval"),
    *("correspondence", "keypoint_transfer", "label_propagation"),
)
SIDES = ("higher", "lower", "close", "to")

Place = int | float | str


class Source(Strict):
    """What is published.

    Args:
        paper: authors and year.
        arxiv: its number there.
        where: table, figure or section.
    """

    paper: str
    arxiv: str
    where: str


class Compared(Strict):
    evaluation: str
    metric: str
    label_fraction: PositiveFloat | None = None


class Order(Compared):
    higher: str
    lower: str
    lower_evaluation: str | None = None
    lower_metric: str | None = None


class Closeness(Compared):
    close: str
    to: str
    within: PositiveFloat


class Claim(Strict):
    sentence: str
    source: Source
    published: str


class OrderClaim(Claim):
    comparison: Order


class ClosenessClaim(Claim):
    comparison: Closeness


class AblationEntry(Strict):
    """One thing varied at a time: a figure.

    Args:
        name: of the figure.
        title: what people read.
        group: of the suite, whose runs are shown.
        evaluation: protocol whose metric is shown.
        axis: what is varied.
        scale: of the axis.
        lines: runs by line, each with its position on the axis.
        source: paper of the published lines.
        metric: what is shown of the evaluation.
        label_fraction: of the labels, where the evaluation draws subsets.
        line_evaluations: evaluations of single lines, where they have another.
        published: values by line and position.
    """

    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]*$")]
    title: str
    group: str
    evaluation: str
    axis: str
    scale: Literal["linear", "log", "categories"]
    lines: Annotated[dict[str, Annotated[dict[str, Place], Field(min_length=1)]], Field(min_length=1)]
    source: Source
    metric: str = "top1"
    label_fraction: PositiveFloat | None = None
    line_evaluations: dict[str, str] = Field(default_factory=dict)
    published: dict[str, dict[Place, float]] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _places_fit_the_scale(self) -> "AblationEntry":
        ours = [place for line in self.lines.values() for place in line.values()]
        for place in [*ours, *(place for line in self.published.values() for place in line)]:
            if isinstance(place, str) != (self.scale == "categories"):
                kind = "a word in quotes" if self.scale == "categories" else "a number, or scale: categories"
                raise ValueError(f"{place!r} has no place on a {self.scale} axis; write {kind}")
            if self.scale == "log" and not isinstance(place, str) and place <= 0:
                raise ValueError(f"{place} has no place on a log axis; write scale: linear")
        return self


class ReportedPaper(Strict):
    authors: str
    title: str
    year: int
    arxiv: str
    venue: str | None = None


class ReportedFile(Strict):
    id: str
    location: str
    dataset: str
    unit: str
    decimals: NonNegativeInt
    rows: Annotated[list[dict[str, Any]], Field(min_length=1)]
    kind: Literal["paper", "peer"] = "paper"
    paper: ReportedPaper | None = None


class ReportedRow(Strict):
    method: str
    setting: str
    value: float
    unit: str | None = None
    note: str = ""
    decimals: NonNegativeInt | None = None
    beside: bool = False


class RepositoryRow(ReportedRow):
    repository: str


def check_report_files(
    claims: Mapping[str, dict[str, Any]], reported: Mapping[str, dict[str, Any]], variants: Collection[str]
) -> None:
    """Raise InputError for the first mistake in a suite's claims and reported numbers, by name and as parsed from YAML.

    ``variants`` are the names of all runs of the suite: a claim compares two of them, in whichever group they are.
    """
    for name, claim in claims.items():
        _check_claim(Path("params/claims") / f"{name}.yaml", claim, variants)
    for name, table in reported.items():
        _check_reported(Path("params/reported") / f"{name}.yaml", table)


def _check_claim(file: Path, claim: dict[str, Any], variants: Collection[str]) -> None:
    asked = claim.get("comparison")
    close = isinstance(asked, dict) and asked.keys() & {"close", "to", "within"}
    comparison = check(ClosenessClaim if close else OrderClaim, claim, file)["comparison"]
    for side in SIDES:
        run = comparison.get(side)
        if run is not None and run not in variants:
            hint = nearest(run, list(variants))
            raise InputError(f"{file}: key comparison.{side} is {run}, which is no run of the suite; {hint}")


def _check_reported(file: Path, table: dict[str, Any]) -> None:
    checked = check(ReportedFile, table, file)
    if checked["id"] != file.stem:
        raise InputError(f"{file}: key id is {checked['id']}; write {file.stem}, the file's name")
    row_of = ReportedRow if checked["paper"] else RepositoryRow
    for n, row in enumerate(checked["rows"]):
        check(row_of, row, file, prefix=f"rows.{n}")


def check_ablations(
    suite: str, ablations: list[dict[str, Any]], groups: Mapping[str, Mapping[str, Collection[str]]]
) -> None:
    """Raise InputError for an ablation of a run or a protocol that the suite has not.

    ``groups`` maps a group to its runs, a run to the protocols that are asked of it.
    """
    names = [entry["name"] for entry in ablations]
    for n, entry in enumerate(ablations):
        where = f"params/suites/{suite}.yaml: key ablations.{n}"
        if names.count(entry["name"]) > 1:
            raise InputError(f"{where}.name is {entry['name']} twice; figures are called by it, so give each its own")
        if entry["group"] not in groups:
            hint = nearest(entry["group"], list(groups))
            raise InputError(f"{where}.group is {entry['group']}, which is no group of the suite; {hint}")
        if unknown := set(entry["line_evaluations"]) - set(entry["lines"]):
            raise InputError(
                f"{where}.line_evaluations names {min(unknown)}, which is no line; {nearest(min(unknown), list(entry['lines']))}"
            )
        for line, runs in entry["lines"].items():
            protocol = entry["line_evaluations"].get(line, entry["evaluation"])
            _check_line(f"{where}.lines.{line}", runs, protocol, groups[entry["group"]])


def _check_line(where: str, runs: Collection[str], protocol: str, known: Mapping[str, Collection[str]]) -> None:
    for run in runs:
        if run not in known:
            raise InputError(f"{where} names {run}, which is no run of its group; {nearest(run, list(known))}")
        if protocol not in known[run]:
            hint = nearest(protocol, list(known[run]))
            raise InputError(f"{where} needs {protocol} of {run}, which the suite does not ask for; {hint}")


def check_summary(
    suite: str,
    summary: str,
    groups: Mapping[str, Collection[str]],
    protocols: Mapping[str, Mapping[str, Any]],
) -> None:
    """Raise InputError for a placeholder ``{group/variant/evaluation}`` that no table of the suite can fill.

    ``groups`` maps a group to its variants, ``protocols`` a protocol to its evaluation and arguments.
    """
    keys = score_keys(protocols)
    for name in PLACEHOLDER.findall(summary):
        where = f"params/suites/{suite}.yaml: key summary names {{{name}}}"
        group, *rest = name.split("/")
        if len(rest) != 2:
            raise InputError(f"{where}; write {{group/variant/evaluation}}, such as {{{_example(groups, keys)}}}")
        for word, known in ((group, groups), (rest[0], groups.get(group, ())), (rest[1], keys)):
            if word not in known:
                raise InputError(f"{where}, but no table has {word}; {nearest(word, list(known))}")


def score_keys(protocols: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Return the names of the columns that an accuracy table can have, e.g. ``knn`` and ``fine_tune@0.01``.

    A protocol that draws subsets of the labels names their shares ``label_fractions``; what has a table of its own
    (the pretext task, the quality of predictions, the curve over labels) is no column.
    """
    keys = []
    for name, parameters in protocols.items():
        fractions = parameters.get("label_fractions", [])
        if parameters["evaluation"] not in OWN_TABLE:
            keys += [f"{name}@{fraction:g}" for fraction in fractions] or [name]
    return keys


def _example(groups: Mapping[str, Collection[str]], keys: list[str]) -> str:
    return "/".join(next(iter(names), "?") for names in (groups, next(iter(groups.values()), ()), keys))
