"""The files of params/methods and params/suites, key by key, strictly typed."""

from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    NonNegativeFloat,
    NonNegativeInt,
    PositiveFloat,
    PositiveInt,
)

from selfsup.config.ablations import AblationEntry
from selfsup.config.strict import Keys, Strict

Name = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]*$")]
Fraction = Annotated[float, Field(ge=0, lt=1)]
MAX_LEARNING_RATE = 1e4  # beyond all that is in use; much more is beyond the range of a step
Seeds = Annotated[list[NonNegativeInt], Field(min_length=1)]


def _whole(epochs: float) -> float:
    """Return a whole number as an int: 4 and 4.0 are one recipe."""
    return int(epochs) if epochs.is_integer() else epochs


Epochs = Annotated[NonNegativeFloat, AfterValidator(_whole)]


class OptimiserKeys(Strict):
    """The keys of every optimiser.

    Args:
        learning_rate: its highest value; it rises during the warm-up, then falls along half a cosine.
        weight_decay: of weights; norms and biases are not decayed.
        learning_rate_rule: how the learning rate grows with the batch; equal at 256 examples.
        objective_factors: by what an objective's learning rate is multiplied, by its name.
    """

    learning_rate: Annotated[float, Field(gt=0, le=MAX_LEARNING_RATE)]
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


class Momentum(OptimiserKeys):
    """Stochastic gradient descent with momentum, or LARS, which adapts the rate to each layer.

    Args:
        name: which of the two.
        momentum: fraction of the last step that is added to the next.
    """

    name: Literal["sgd", "lars"]
    momentum: Fraction = 0.0


Optimiser = Annotated[AdamW | Momentum, Field(discriminator="name")]


class Schedule(Strict):
    """The schedule of the learning rate.

    Args:
        warmup_fraction: fraction of the steps over which it rises.
    """

    warmup_fraction: Fraction


class Paper(Strict):
    """The paper of a method; it does not determine a run.

    Args:
        authors: their names.
        title: of the paper.
        year: of publication.
        arxiv: its identifier.
        venue: conference or journal.
    """

    authors: str
    title: str
    year: int
    arxiv: str | None = None
    venue: str | None = None


class MethodFile(Keys):
    """A recipe: params/methods/<name>.yaml.

    Args:
        method: module of the method.
        title: what people read.
        paper: of the method.
        encoder: backbone and its keys, or several encoders side by side.
        optimiser: how parameters are updated.
        schedule: of the learning rate.
        batch_size: examples per step.
        epochs: passes over the training examples, or a fraction of one; 0 leaves the method at its own untrained start, a floor.
        hyper: the method's own keys.
        table: tensors computed before training, if the method needs them.
    """

    method: str
    title: str
    paper: Paper
    encoder: dict[str, Any]
    optimiser: Optimiser
    schedule: Schedule
    batch_size: PositiveInt
    epochs: Epochs
    hyper: dict[str, Any]
    table: dict[str, Any] | None = None


class Variant(Strict):
    """A recipe of which a suite changes some keys.

    Args:
        method: recipe, a file of params/methods.
        name: of the run in this suite.
        set: new values by dotted keys, e.g. {hyper.augmentation.color_strength: 0.0}.
        title: what people read; by default made from both names.
        more_seeds: of pretraining, beside those of the group.
    """

    method: str
    name: Name
    set: dict[str, Any]
    title: str | None = None
    more_seeds: list[NonNegativeInt] = Field([])


class RecipeEntry(Strict):
    """A recipe as it is.

    Args:
        method: recipe, a file of params/methods, which also names the run.
        more_seeds: of pretraining, beside those of the group.
    """

    method: str
    more_seeds: list[NonNegativeInt]


class ProtocolEntry(Strict):
    """A protocol that scores only some runs.

    Args:
        protocol: a file of params/evaluations.
        runs: which runs of the group; none means all.
    """

    protocol: str
    runs: list[str]


def _variant(entry: Any) -> Any:
    if isinstance(entry, str):
        entry = {"method": entry}
    if isinstance(entry, dict) and "method" in entry and not {"name", "set"} & entry.keys():
        return {"name": entry["method"], "set": {}, **entry}
    return entry


def _protocol(entry: Any) -> Any:
    return {"protocol": entry, "runs": []} if isinstance(entry, str) else entry


RunEntry = Annotated[Variant, BeforeValidator(_variant, json_schema_input_type=str | RecipeEntry | Variant)]
EvaluationEntry = Annotated[ProtocolEntry, BeforeValidator(_protocol, json_schema_input_type=str | ProtocolEntry)]


class TargetEntry(Strict):
    """A data set that weights are scored on.

    Args:
        data: a file of params/data.
        evaluations: protocols, for all runs or for some.
        seeds: which of the group's are scored on it; none means all seeds of each run.
    """

    data: str
    evaluations: Annotated[list[EvaluationEntry], Field(min_length=1)]
    seeds: list[NonNegativeInt] = Field([])


class GroupEntry(Strict):
    """Runs pretrained on one data set: one table of the report.

    Args:
        data: a file of params/data, on which the runs are pretrained.
        name: of the group, by default that of its data.
        seeds: of pretraining, for all its runs.
        runs: recipes, or variants of them.
        targets: data sets that they are scored on, with the protocols of each.
        weights: imported weights, files of params/weights, that are scored beside the runs.
    """

    data: str
    name: Name | None = None
    seeds: Seeds = Field([0])
    runs: Annotated[list[RunEntry], Field(min_length=1)]
    targets: Annotated[list[TargetEntry], Field(min_length=1)]
    weights: list[str] = Field([])


class Experiment(Strict):
    """A measurement that needs no encoder.

    Args:
        name: a file of params/experiments.
        seeds: of the measurement.
        set: new values of its keys.
    """

    name: Name
    seeds: Seeds
    set: dict[str, Any] = Field({})


class SuiteFile(Strict):
    """A suite: params/suites/<name>.yaml.

    Args:
        title: of the report, by default the suite's name.
        summary: its first paragraph.
        device: of pretraining and evaluations.
        precision: of pretraining.
        threads: of numerical libraries.
        features: new values of params/evaluations/features.yaml, for all runs, e.g. {grid_values: 9216}.
        groups: runs by data set.
        experiments: measurements that need no encoder.
        ablations: figures in which one thing is varied at a time.
    """

    title: str = ""
    summary: str = ""
    device: Literal["cpu", "cuda"] = "cpu"
    precision: Literal["float32", "bfloat16"] = "float32"
    threads: PositiveInt = 1
    features: dict[str, Any] = Field({})
    groups: Annotated[list[GroupEntry], Field(min_length=1)]
    experiments: list[Experiment] = Field([])
    ablations: list[AblationEntry] = Field([])
