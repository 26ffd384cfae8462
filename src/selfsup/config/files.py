"""The files of params/methods and params/suites, key by key, strictly typed."""

from typing import Annotated, Any, Literal

from pydantic import Field, NonNegativeFloat, NonNegativeInt, PositiveFloat, PositiveInt

from selfsup.config.ablations import AblationEntry
from selfsup.config.strict import Keys, Strict

Name = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]*$")]
Fraction = Annotated[float, Field(ge=0, lt=1)]


class OptimiserKeys(Strict):
    """What every optimiser has.

    Args:
        learning_rate: its highest value; it rises during the warm-up, then falls along half a cosine.
        weight_decay: of weights; norms and biases are not decayed.
        learning_rate_rule: how the learning rate grows with the batch; equal at 256 examples.
        objective_factors: by what an objective's learning rate is multiplied, by its name.
    """

    learning_rate: PositiveFloat
    weight_decay: NonNegativeFloat
    learning_rate_rule: Literal["constant", "linear", "square_root"] = "constant"
    objective_factors: dict[str, PositiveFloat] = Field({})


class AdamW(OptimiserKeys):
    """AdamW.

    Args:
        beta1: decay of the mean gradient.
    """

    name: Literal["adamw"]
    beta1: Fraction = 0.9


class SGD(OptimiserKeys):
    """Stochastic gradient descent.

    Args:
        momentum: share of the last step that the next one keeps.
    """

    name: Literal["sgd"]
    momentum: Fraction = 0.0


class LARS(OptimiserKeys):
    """Layer-wise adaptive rate scaling.

    Args:
        momentum: share of the last step that the next one keeps.
    """

    name: Literal["lars"]
    momentum: Fraction = 0.0


Optimiser = Annotated[AdamW | SGD | LARS, Field(discriminator="name")]


class Schedule(Strict):
    """The learning rate's course.

    Args:
        warmup_fraction: share of the steps over which it rises.
    """

    warmup_fraction: Fraction


class Paper(Strict):
    """Where a method comes from; no part of what determines a run.

    Args:
        authors: their names.
        year: of publication.
        title: of the paper.
        arxiv: its number there.
        venue: conference or journal.
    """

    authors: str
    year: int
    title: str
    arxiv: str | None = None
    venue: str | None = None


class MethodFile(Keys):
    """A recipe: params/methods/<name>.yaml.

    Args:
        method: module of the method.
        title: what people read.
        paper: where the method comes from.
        encoder: backbone and its keys, or several encoders side by side.
        optimiser: how parameters move.
        schedule: the learning rate's course.
        batch_size: examples of a step.
        epochs: passes over the training examples.
        hyper: the method's own keys.
        table: what is made ready before training, where the method needs it.
    """

    method: str
    title: str
    paper: Paper
    encoder: dict[str, Any]
    optimiser: Optimiser
    schedule: Schedule
    batch_size: PositiveInt
    epochs: PositiveInt
    hyper: dict[str, Any]
    table: dict[str, Any] | None = None


class Variant(Strict):
    """A recipe of which a suite changes some keys.

    Args:
        method: recipe, a file of params/methods.
        name: of the run in this suite.
        set: new values by dotted keys, e.g. {hyper.augmentation.color_strength: 0.0}.
        title: what people read; by default made from both names.
    """

    method: str
    name: Name
    set: dict[str, Any]
    title: str | None = None


class Asked(Strict):
    """An evaluation of some runs.

    Args:
        protocol: a file of params/evaluations.
        runs: which runs of the group; none means all.
    """

    protocol: str
    runs: list[str]


class TargetFile(Strict):
    """A data set that weights are scored on.

    Args:
        data: a file of params/data.
        evaluations: protocols, for all runs or for some.
    """

    data: str
    evaluations: Annotated[list[str | Asked], Field(min_length=1)]


class GroupFile(Strict):
    """Runs pretrained on one data set: one table of the report.

    Args:
        name: of the group.
        data: a file of params/data, on which the runs are pretrained.
        seeds: of pretraining.
        runs: recipes, or variants of them.
        targets: data sets that they are scored on, with the protocols of each.
        weights: imported weights, files of params/weights, that are scored beside the runs.
    """

    name: Name
    data: str
    seeds: Annotated[list[NonNegativeInt], Field(min_length=1)]
    runs: Annotated[list[str | Variant], Field(min_length=1)]
    targets: Annotated[list[TargetFile], Field(min_length=1)]
    weights: list[str] = Field(default_factory=list)


class ExperimentEntry(Strict):
    """A measurement that needs no encoder.

    Args:
        name: a file of params/experiments.
        seeds: of the measurement.
        set: new values of its keys.
    """

    name: Name
    seeds: Annotated[list[NonNegativeInt], Field(min_length=1)]
    set: dict[str, Any] = Field(default_factory=dict)


class SuiteFile(Strict):
    """A suite: params/suites/<name>.yaml.

    Args:
        title: of the report.
        summary: its first paragraph.
        device: what everything runs on.
        precision: of pretraining.
        threads: of numerical libraries.
        groups: runs by data set.
        experiments: measurements that need no encoder.
        ablations: figures of one thing varied at a time.
    """

    title: str
    summary: str
    device: Literal["cpu", "cuda"]
    precision: Literal["float32", "bfloat16"]
    threads: PositiveInt
    groups: Annotated[list[GroupFile], Field(min_length=1)]
    experiments: list[ExperimentEntry] = Field(default_factory=list)
    ablations: list[AblationEntry] = Field(default_factory=list)
