"""How an evaluation's or an experiment's numbers are shown: the literal ``SHOWN`` of its module, read from its syntax."""

from functools import cache
from typing import Annotated, Literal

from pydantic import Field, NonNegativeInt, PositiveFloat, model_validator

from selfsup.config import signature
from selfsup.config.strict import Strict, check
from selfsup.errors import InputError

Dimension = Literal["baseline", "subset", "at", "layer", "label_fraction", "shots"]


class Metric(Strict):
    """One metric: its heading, in which ``{at}`` stands for the threshold or rank, its unit, which way is better, how many
    decimals are printed, small print, and the columns of ``Measure`` that are spread ``over`` columns of its table."""

    title: str
    unit: str
    better: Literal["higher", "lower", "none"]
    decimals: NonNegativeInt = 1
    note: str = ""
    over: list[Dimension] = Field(default_factory=list)


class Figure(Strict):
    """One figure. ``bars``: every seed of a metric, run by run, beside its baselines. ``lines``: a metric ``over`` one of
    its dimensions. ``curve``: the share of examples within an error, from the quantiles that the evaluation keeps in
    ``pictures.h5`` under ``curves`` by what was measured, ``method`` being the method; the axis ends at ``end``.
    ``scatter``: the metric under one protocol against that under the next."""

    kind: Literal["bars", "lines", "curve", "scatter"]
    metric: str
    over: Dimension | None = None
    curves: str = "curves"
    method: str = "method"
    end: PositiveFloat | None = None

    @model_validator(mode="after")
    def _lines_are_over_something(self) -> "Figure":
        if (self.kind == "lines") != (self.over is not None):
            raise ValueError("only lines have a dimension; write over for them, and for no other kind")
        return self


class Shown(Strict):
    """What the report must know of an evaluation; evaluations of one ``title`` share a table and figures.

    ``headline`` is the metric that is a column of a group's main table, empty for none. ``labels`` are the training labels
    that it sees, in words. ``names`` say what values of baseline, subset and layer are called. ``reference`` names another
    evaluation whose headline is the level to compare with. ``pictures`` is the kind of its ``pictures.h5``.
    """

    title: str
    metrics: Annotated[dict[str, Metric], Field(min_length=1)]
    headline: str = ""
    labels: str = "all labels"
    names: dict[str, str] = Field(default_factory=dict)
    reference: str = ""
    figures: list[Figure] = Field(default_factory=list)
    pictures: Literal["grid", "matches", "tracks"] | None = None
    note: str = ""

    @model_validator(mode="after")
    def _names_are_metrics(self) -> "Shown":
        for name in [self.headline, *(figure.metric for figure in self.figures)]:
            if name and name not in self.metrics:
                raise ValueError(f"{name} is no key of metrics; known are {', '.join(self.metrics)}")
        for figure in self.figures:
            if figure.over and figure.over not in self.metrics[figure.metric].over:
                raise ValueError(f"{figure.metric} is drawn over {figure.over}; add it to the metric's over")
        return self

    def name(self, value: str) -> str:
        """Return what people read for a baseline, a subset or a layer."""
        return self.names.get(value, value.replace("_", " "))


@cache
def shown(module: str) -> Shown:
    """Return the declaration of a module, e.g. ``evaluations.knn``; InputError where there is none, or a mistake in it."""
    file = signature.label(module)
    try:
        declared = signature.constant(module, "SHOWN")
    except ValueError:
        raise InputError(
            f"{file}: SHOWN is computed; write it as a literal, so that it is read without an import"
        ) from None
    if not isinstance(declared, dict):
        raise InputError(f"{file}: SHOWN is missing; declare how its numbers are shown, as CONTRIBUTING.md says")
    return Shown(**check(Shown, declared, f"{file}: SHOWN"))
