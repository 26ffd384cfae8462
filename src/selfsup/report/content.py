"""All that a report is made from: paths and plain values, put together by the store."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from selfsup.config.claims import Claim


@dataclass(frozen=True)
class Member:
    """One seed of one run: where it lies, what made it, and its measures by protocol.

    ``variant`` is the suite's name for it (``simclr-no-colour``), ``method`` the module (``simclr``); ``run``,
    ``features`` and ``prepared`` are artefact folders whose names hold their digests; ``measures`` maps a protocol to
    its ``measures.json``; a protocol that the suite does not ask of this run is absent.
    """

    variant: str
    method: str
    seed: int
    recipe: dict[str, Any]
    run: Path
    features: Path
    prepared: Path
    measures: dict[str, Path]
    gallery: Path = Path()
    predictions: Path = Path()


@dataclass(frozen=True)
class Group:
    """The members that share a data set and stand in one table; order is the suite's.

    ``protocols`` maps a protocol to the evaluation that it is of: two may be of one, told apart by their arguments.
    """

    name: str
    dataset: str
    data_recipe: dict[str, Any]
    seeds: list[int]
    variants: list[str]
    protocols: dict[str, str]
    members: list[Member]

    @property
    def asked(self) -> dict[str, set[str]]:
        """Return the protocols by which each run is scored."""
        return {member.variant: set(member.measures) for member in self.members}

    def first_protocol(self, evaluation: str) -> str:
        """Return the protocol that stands for an evaluation wherever there is room for one, empty if none is asked."""
        return next((protocol for protocol, of in self.protocols.items() if of == evaluation), "")


@dataclass(frozen=True)
class Ablation:
    """One thing varied: runs of a group along an axis, a line for each of ``lines``, {label: {run: place}}.

    Places are numbers, or words where ``scale`` is categories. ``evaluation`` is a protocol; a line may have another one
    in ``line_evaluations``. ``published`` {label: {place: value}} is what the ``source`` printed of it.
    """

    name: str
    title: str
    group: str
    evaluation: str
    metric: str
    label_fraction: float | None
    axis: str
    scale: str
    lines: dict[str, dict[str, float | str]]
    line_evaluations: dict[str, str]
    source: dict[str, str]
    published: dict[str, dict[float | str, float]]

    def protocol(self, line: str) -> str:
        """Return the protocol by which a line is measured."""
        return self.line_evaluations.get(line, self.evaluation)

    @property
    def protocols(self) -> list[str]:
        """Return the protocols of the lines, each once, in their order."""
        return list(dict.fromkeys(self.protocol(line) for line in self.lines))


@dataclass(frozen=True)
class ExperimentMember:
    """One seed of an experiment: no encoder, no data set, only its measures."""

    seed: int
    measures: Path


@dataclass(frozen=True)
class Content:
    """One suite's report.

    ``protocols`` maps a protocol to its evaluation's module, as ``evaluation``, and its arguments; ``reported`` are
    published tables and ``claims`` those that apply, by name; ``papers`` are those of the methods; ``modules`` made the results;
    ``experiments`` are the seeds of each by name.
    """

    suite: str
    title: str
    summary: str
    device: str
    precision: str
    threads: int
    groups: list[Group]
    protocols: dict[str, dict[str, Any]]
    reported: dict[str, dict[str, Any]] = field(default_factory=dict)
    claims: dict[str, Claim] = field(default_factory=dict)
    papers: list[dict[str, Any]] = field(default_factory=list)
    modules: list[str] = field(default_factory=list)
    ablations: list[Ablation] = field(default_factory=list)
    experiments: dict[str, list[ExperimentMember]] = field(default_factory=dict)
    digest: str = ""
    history: list[str] = field(default_factory=list)
