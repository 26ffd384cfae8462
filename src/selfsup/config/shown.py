"""How an evaluation's or an experiment's numbers are shown: the literal ``SHOWN`` of its module, read from its syntax."""

from functools import cache
from typing import Annotated, Literal

from pydantic import Field, NonNegativeInt, PositiveFloat, model_validator

from selfsup.config import signature
from selfsup.config.recipe import PARAMS
from selfsup.config.strict import Strict, check, param_file, read_yaml
from selfsup.errors import InputError

Dimension = Literal["baseline", "subset", "at", "layer", "label_fraction", "shots"]


class Metric(Strict):
    """One metric: its heading, where ``{at}`` is the threshold or rank and ``{subset}`` the title of the subset, its unit,
    whether higher is better, how many decimals are printed, a footnote, and the columns of ``Measure`` that vary ``over``
    columns of its table."""

    title: str
    unit: str
    better: Literal["higher", "lower", "none"]
    decimals: NonNegativeInt = 1
    note: str = ""
    over: list[Dimension] = Field([])


class Figure(Strict):
    """One figure. ``bars``: each seed of a metric, by run, beside its baselines. ``lines``: a metric ``over`` one of
    its dimensions. ``curve``: the fraction of examples within an error, from the quantiles that the evaluation stores in
    ``pictures.h5`` under ``curves``, those of the method under ``method``; the axis ends at ``end``.
    ``map``: the points that it stores there, with their images. ``matrix``: the confusions that it stores there.
    ``scatter``: the metric under one protocol against that under the next. ``against``: a point per run, the
    metric and the headline of another evaluation."""

    kind: Literal["bars", "lines", "curve", "map", "matrix", "scatter", "against"]
    metric: str
    over: Dimension | None = None
    curves: str = "curves"
    method: str = "method"
    end: PositiveFloat | None = None
    against: str = ""

    @model_validator(mode="after")
    def _keys_fit_the_kind(self) -> "Figure":
        if (self.kind == "lines") != (self.over is not None):
            raise ValueError("only lines have a dimension; write over for them, and for no other kind")
        if (self.kind == "against") != bool(self.against):
            raise ValueError("kind against has a key against, the other evaluation's name, and no other kind has it")
        return self


class Shown(Strict):
    """How the report shows an evaluation; evaluations of one ``title`` share a table and figures.

    ``headline`` is the metric that is a column of a group's main table, empty for none. ``labels`` describes the training
    labels that it uses. ``names`` are titles of baselines, subsets and layers. ``reference`` names another evaluation
    whose headline is the level to compare with. ``pictures`` is the kind of its ``pictures.h5``, and
    ``pictures_title`` says what a grid shows. ``flags`` are words below
    the headline of runs that have a row of a metric, which is not declared otherwise.
    """

    title: str
    metrics: Annotated[dict[str, Metric], Field(min_length=1)]
    headline: str = ""
    labels: str = "all labels"
    names: dict[str, str] = Field({})
    reference: str = ""
    figures: list[Figure] = Field([])
    pictures: Literal["grid", "matches", "tracks"] | None = None
    pictures_title: str = ""
    flags: dict[str, str] = Field({})
    note: str = ""

    @model_validator(mode="after")
    def _names_are_metrics(self) -> "Shown":
        for name in [self.headline, *(figure.metric for figure in self.figures)]:
            if name and name not in self.metrics:
                raise ValueError(f"{name} is no key of metrics; known are {', '.join(self.metrics)}")
        if (self.pictures == "grid") != bool(self.pictures_title):
            raise ValueError("pictures of kind grid have a key pictures_title, what they show, and no others have it")
        for figure in self.figures:
            if figure.over and figure.over not in self.metrics[figure.metric].over:
                raise ValueError(f"{figure.metric} is drawn over {figure.over}; add it to the metric's over")
        return self

    def name(self, value: str) -> str:
        """Return the title of a baseline, a subset or a layer."""
        return self.names.get(value, value.replace("_", " "))


@cache
def shown(module: str) -> Shown:
    """Return the declaration of a module, e.g. ``evaluations.knn``; InputError if it is missing or has a mistake."""
    file = signature.label(module)
    try:
        declared = signature.constant(module, "SHOWN")
    except ValueError:
        raise InputError(f"{file}: SHOWN is computed; write a literal, which can be read without an import") from None
    if not isinstance(declared, dict):
        raise InputError(f"{file}: SHOWN is missing; declare how its numbers are shown, as CONTRIBUTING.md says")
    return Shown(**check(Shown, declared, f"{file}: SHOWN"))


@cache
def protocol_title(name: str) -> str:
    """Return the title of ``params/evaluations/<name>.yaml``."""
    file = param_file(PARAMS / "evaluations", name)
    title = read_yaml(file).get("title")
    if not isinstance(title, str):
        problem = "missing" if title is None else "no text"
        raise InputError(f"{file}: key title is {problem}; write what people read, such as title: linear probe")
    return title
