"""Ablations: figures of a suite in which one thing is varied."""

from collections.abc import Collection, Mapping
from typing import Annotated, Any, Literal

from pydantic import Field, PositiveFloat, model_validator

from selfsup.config.strict import Strict, require
from selfsup.errors import InputError

Position = int | float | str


class Source(Strict):
    """The source of published values.

    Args:
        paper: authors and year.
        arxiv: its identifier.
        where: table, figure or section.
    """

    paper: str
    arxiv: str
    where: str


class AblationEntry(Strict):
    """A figure in which one thing is varied at a time.

    Args:
        name: of the figure.
        title: what people read.
        group: of the suite, whose runs are shown.
        evaluation: protocol whose metric is shown.
        axis: what is varied.
        scale: of the axis.
        lines: runs by line, each with its position on the axis; group/run is one of another group.
        source: paper that the figure follows, and of the published lines.
        data: data set that is scored, the runs' pretraining data if left out.
        metric: of the evaluation.
        label_fraction: of the labels, if the evaluation draws subsets.
        line_evaluations: evaluations of single lines, if they have another.
        published: values by line and position.
        references: runs without a position, drawn across the figure as levels to reach.
    """

    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]*$")]
    title: str
    group: str
    evaluation: str
    axis: str
    scale: Literal["linear", "log", "categories"]
    lines: Annotated[dict[str, Annotated[dict[str, Position], Field(min_length=1)]], Field(min_length=1)]
    source: Source | None = None
    data: str = ""
    metric: str = "top1"
    label_fraction: PositiveFloat | None = None
    line_evaluations: dict[str, str] = Field({})
    published: dict[str, dict[Position, float]] = Field({})
    references: list[str] = Field([])

    @model_validator(mode="after")
    def _positions_fit_the_scale(self) -> "AblationEntry":
        ours = [position for line in self.lines.values() for position in line.values()]
        for position in [*ours, *(position for line in self.published.values() for position in line)]:
            if isinstance(position, str) != (self.scale == "categories"):
                kind = "a word in quotes" if self.scale == "categories" else "a number, or scale: categories"
                raise ValueError(f"{position!r} is not a position on a {self.scale} axis; write {kind}")
            if self.scale == "log" and not isinstance(position, str) and position <= 0:
                raise ValueError(f"{position} is not a position on a log axis; write scale: linear")
        return self

    @model_validator(mode="after")
    def _published_values_have_a_source(self) -> "AblationEntry":
        if self.published and self.source is None:
            raise ValueError("published values have no source; name their paper under source")
        return self


def group_and_run(name: str, own: str) -> tuple[str, str]:
    """Return the group and the run that a line names: ``run`` of the ablation's ``own`` group, or ``group/run``."""
    group, _, run = name.rpartition("/")
    return group or own, run


def check_ablations(
    suite: str, ablations: list[dict[str, Any]], groups: Mapping[str, Mapping[str, Mapping[str, Collection[str]]]]
) -> None:
    """Raise InputError for an ablation of a run or a protocol that the suite does not have.

    ``groups`` has for each group its runs, each with the protocols that score it by data set; empty is the pretraining data.
    """
    names = [entry["name"] for entry in ablations]
    for number, entry in enumerate(ablations):
        key = f"params/suites/{suite}.yaml: key ablations.{number}"
        if names.count(entry["name"]) > 1:
            raise InputError(f"{key}.name is {entry['name']} twice; it names a figure, so give each its own")
        require(entry["group"], groups, f"{key}.group is {entry['group']}, which is not a group of the suite")
        for line in entry["line_evaluations"]:
            require(line, entry["lines"], f"{key}.line_evaluations names {line}, which is not a line")
        protocols = entry["line_evaluations"]
        named = [(f"lines.{line}", protocols.get(line, entry["evaluation"]), of) for line, of in entry["lines"].items()]
        for inside, protocol, names_of_runs in (*named, ("references", entry["evaluation"], entry["references"])):
            for name in names_of_runs:
                (group, run), where = group_and_run(name, entry["group"]), f"{key}.{inside}"
                require(group, groups, f"{where} names {name}, and {group} is not a group of the suite")
                require(run, groups[group], f"{where} names {name}, which is not a run of its group")
                scored, on = groups[group][run].get(entry["data"], ()), f" on {entry['data']}" * bool(entry["data"])
                require(protocol, scored, f"{where} needs {protocol} of {name}{on}, which is not in the suite")
