"""All that a report is made from: paths and plain values, put together by the store."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from selfsup.config.claims import Claim
from selfsup.config.shown import Shown


@dataclass(frozen=True)
class Protocol:
    """An evaluation with its arguments: ``evaluation`` is its module, ``title`` what people read."""

    name: str
    title: str
    evaluation: str
    arguments: dict[str, Any]
    shown: Shown


@dataclass(frozen=True)
class Data:
    """A prepared data set: ``name`` is its file's in ``params/data``, ``dataset`` the module, ``prepared`` its folder."""

    name: str
    dataset: str
    data_recipe: dict[str, Any]
    prepared: Path


@dataclass(frozen=True)
class Target(Data):
    """A data set that runs are scored on, by protocols; order is the suite's."""

    protocols: list[Protocol]


@dataclass(frozen=True)
class Scoring:
    """One protocol on one target; ``foreign`` where the target is not what the runs were pretrained on."""

    target: Target
    protocol: Protocol
    foreign: bool

    @property
    def key(self) -> str:
        """The name by which addresses and metrics.json call it, e.g. ``linear_probe`` and ``cifar10:linear_probe``."""
        return f"{self.target.name}:{self.protocol.name}" if self.foreign else self.protocol.name

    @property
    def title(self) -> str:
        """What people read; of another data set than was pretrained on, with its name."""
        return f"{self.protocol.title} on {self.target.name}" if self.foreign else self.protocol.title

    @property
    def slug(self) -> str:
        """The key as part of a file's name."""
        return self.key.replace(":", "-")

    def columns(self) -> list[str]:
        """Return the names of its columns in a main table, e.g. ``knn``, and ``fine_tune@0.01`` for each share of labels.

        A protocol that draws subsets of the labels names their shares ``label_fractions``.
        """
        fractions = self.protocol.arguments.get("label_fractions", [])
        shares = [f"{self.key}@{fraction:g}" for fraction in fractions] or [self.key]
        return shares if self.protocol.shown.headline else []


@dataclass(frozen=True)
class Member:
    """One seed of one run: where it lies, what made it, and its measures.

    ``variant`` is the suite's name for it (``simclr-no-colour``), ``method`` the module (``simclr``); ``run``,
    ``gallery``, ``predictions`` and, by target, ``features`` are artefact folders whose names hold their digests;
    ``measures`` maps a target and a protocol to the ``measures.json``; what the suite does not ask of this run is absent.
    """

    variant: str
    method: str
    seed: int
    recipe: dict[str, Any]
    run: Path
    features: dict[str, Path]
    measures: dict[tuple[str, str], Path]
    gallery: Path = Path()
    predictions: Path = Path()


@dataclass(frozen=True)
class Group:
    """The members that were pretrained on one data set and stand in one table; order is the suite's.

    ``variants`` are machine names, ``titles`` what people read for each, ``roles`` (``floor`` or ``ceiling``) those that
    bound the scale.
    """

    name: str
    pretrain_data: Data
    targets: list[Target]
    seeds: list[int]
    variants: list[str]
    members: list[Member]
    titles: dict[str, str] = field(default_factory=dict)
    roles: dict[str, str] = field(default_factory=dict)

    @property
    def scorings(self) -> list[Scoring]:
        """Every protocol on every target."""
        own = self.pretrain_data.name
        return [
            Scoring(target, protocol, target.name != own) for target in self.targets for protocol in target.protocols
        ]

    def asked(self, target: Data) -> dict[str, set[str]]:
        """Return the protocols by which each run is scored on a target."""
        return {m.variant: {name for on, name in m.measures if on == target.name} for m in self.members}

    def title(self, variant: str) -> str:
        """Return what people read for a variant."""
        return self.titles.get(variant, variant)


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
class Experiment:
    """A measurement that needs no encoder and no data set: the ``measures.json`` of each seed."""

    name: str
    shown: Shown
    measures: dict[int, Path]


@dataclass(frozen=True)
class Content:
    """One suite's report.

    ``reported`` are published tables and ``claims`` those that apply, by name; ``papers`` are those of the methods;
    ``modules`` made the results; ``history`` says what was carried.
    """

    suite: str
    title: str
    summary: str
    device: str
    precision: str
    threads: int
    groups: list[Group]
    reported: dict[str, dict[str, Any]] = field(default_factory=dict)
    claims: dict[str, Claim] = field(default_factory=dict)
    papers: list[dict[str, Any]] = field(default_factory=list)
    modules: list[str] = field(default_factory=list)
    ablations: list[Ablation] = field(default_factory=list)
    experiments: list[Experiment] = field(default_factory=list)
    digest: str = ""
    history: list[str] = field(default_factory=list)

    @property
    def protocols(self) -> dict[str, Protocol]:
        """Every protocol of the suite, each once, by name."""
        return {scoring.protocol.name: scoring.protocol for group in self.groups for scoring in group.scorings}

    @property
    def keys(self) -> dict[str, list[str]]:
        """The names of the columns that each group's main table can have."""
        return {group.name: [key for scoring in group.scorings for key in scoring.columns()] for group in self.groups}
