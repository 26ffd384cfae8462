"""Ablations: what a suite says of the figures in which one thing is varied."""

from collections.abc import Collection, Mapping
from typing import Annotated, Any, Literal

from pydantic import Field, PositiveFloat, model_validator

from selfsup.config.strict import Strict, nearest
from selfsup.errors import InputError

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
