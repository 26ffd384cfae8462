"""The content of a report: paths and plain values, assembled by ``pipeline/publish.py``."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from selfsup.config.claims import Claim
from selfsup.config.shown import Shown
from selfsup.config.strict import require
from selfsup.errors import InputError

ANCHORS = {"floor": "anchor: untrained", "classical": "anchor: classical", "labels": "anchor: all labels"}
PLACEHOLDER = re.compile(r"\{([^{}]*)\}")


@dataclass(frozen=True)
class Protocol:
    """An evaluation with its arguments: ``evaluation`` is the name of its module."""

    name: str
    title: str
    evaluation: str
    arguments: dict[str, Any]
    shown: Shown


@dataclass(frozen=True)
class Data:
    """A data set: ``name`` is its file in ``params/data``, ``dataset`` its module, ``prepared`` its artefact's folder."""

    name: str
    dataset: str
    data_recipe: dict[str, Any]
    prepared: Path


@dataclass(frozen=True)
class Target(Data):
    """A data set that runs are scored on, with the protocols in the order of the suite."""

    protocols: list[Protocol]


@dataclass(frozen=True)
class Member:
    """One seed of one run.

    ``variant`` is the suite's name for it (``simclr-no-colour``), ``method`` its module (``simclr``); ``run``,
    ``gallery``, ``predictions`` and ``features`` (by target) are folders of artefacts; ``measures`` maps (target,
    protocol) to a ``measures.json`` and has no entry for what the suite does not evaluate.
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
class Scoring:
    """One protocol on one target; ``transfer`` where the target is not the pretraining data."""

    target: Target
    protocol: Protocol
    transfer: bool

    @property
    def key(self) -> str:
        """The name in addresses and metrics.json, e.g. ``linear_probe`` or ``cifar10:linear_probe``."""
        return f"{self.target.name}:{self.protocol.name}" if self.transfer else self.protocol.name

    @property
    def title(self) -> str:
        """The protocol's title, with the name of the target where that is not the pretraining data."""
        return f"{self.protocol.title} on {self.target.name}" if self.transfer else self.protocol.title

    @property
    def slug(self) -> str:
        """The key as part of a file name."""
        return self.key.replace(":", "-")

    def columns(self) -> list[str]:
        """Return the keys of its columns in the main table, e.g. ``knn``, or ``fine_tune@0.01`` by share of labels."""
        fractions = self.protocol.arguments.get("label_fractions", [])
        keys = [f"{self.key}@{fraction:g}" for fraction in fractions] or [self.key]
        return keys if self.protocol.shown.headline else []

    def measures(self, member: Member) -> Path | None:
        """Return the member's ``measures.json``, which may be missing; None where the suite does not evaluate it."""
        return member.measures.get((self.target.name, self.protocol.name))

    def pictures(self, member: Member) -> Path | None:
        """Return the HDF5 file that the evaluation stored beside the member's measures; None where there is none."""
        measures = self.measures(member)
        path = measures and measures.with_name("pictures.h5")
        return path if path and path.exists() else None


@dataclass(frozen=True)
class Group:
    """The members that were pretrained on one data set and are compared in one table, in the order of the suite.

    ``titles`` are by variant, and so are the ``roles`` (keys of ANCHORS) of those that learn nothing, or with labels.
    ``floors`` are for each self-supervised variant those that it must be above, the most similar first.
    """

    name: str
    pretrain_data: Data
    targets: list[Target]
    seeds: list[int]
    variants: list[str]
    members: list[Member]
    titles: dict[str, str] = field(default_factory=dict)
    roles: dict[str, str] = field(default_factory=dict)
    floors: dict[str, list[str]] = field(default_factory=dict)

    @property
    def scorings(self) -> list[Scoring]:
        """Every protocol on every target."""
        pretrained = self.pretrain_data.name
        return [
            Scoring(target, protocol, target.name != pretrained)
            for target in self.targets
            for protocol in target.protocols
        ]

    def protocols_on(self, target: Data) -> dict[str, set[str]]:
        """Return the names of the protocols by which each variant is scored on a target."""
        return {m.variant: {protocol for name, protocol in m.measures if name == target.name} for m in self.members}

    def title(self, variant: str) -> str:
        """Return the title of a variant."""
        return self.titles.get(variant, variant)

    def anchor(self, variant: str) -> str:
        """Return what a variant is compared with others as, empty for a self-supervised method."""
        return ANCHORS.get(self.roles.get(variant, ""), "")

    def scored_on(self, scorings: Sequence[Scoring]) -> str:
        """Return where protocols score: "on scenes", or "on birds, pretrained on scenes"."""
        names = list(dict.fromkeys(scoring.target.name if scoring.transfer else self.name for scoring in scorings))
        pretrained = "" if names == [self.name] else f", pretrained on {self.name}"
        return f"on {' and '.join(names)}{pretrained}"

    def seeds_of(self, variant: str) -> list[Member]:
        """Return a variant's members, in the order of their seeds."""
        return [member for member in self.members if member.variant == variant]

    @property
    def first_seeds(self) -> dict[str, Member]:
        """The members whose pictures are shown, by variant."""
        return {variant: members[0] for variant in self.variants if (members := self.seeds_of(variant))}


@dataclass(frozen=True)
class Ablation:
    """One value varied: runs of a group along an axis, a line for each of ``lines``, {label: {run: position}}.

    They are scored on ``data``, empty for their pretraining data. Positions are numbers, or words where ``scale`` is
    categories. ``evaluation`` is a protocol, which ``line_evaluations`` replaces for a line. ``published``
    {label: {position: value}} is what the ``source`` reports. ``references`` are runs that are levels, at no position.
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
    source: dict[str, str] | None
    published: dict[str, dict[float | str, float]]
    data: str = ""
    references: list[str] = field(default_factory=list)

    def protocol(self, line: str) -> str:
        """Return the protocol by which a line is measured."""
        return self.line_evaluations.get(line, self.evaluation)

    @property
    def all_lines(self) -> list[str]:
        """The lines, ours first, then those that are only published."""
        return list(dict.fromkeys([*self.lines, *self.published]))

    @property
    def protocols(self) -> list[str]:
        """The protocols of the lines, each once, in their order."""
        return list(dict.fromkeys(self.protocol(line) for line in self.lines))


@dataclass(frozen=True)
class Experiment:
    """A measurement without an encoder or a data set: the ``measures.json`` of each seed."""

    name: str
    shown: Shown
    measures: dict[int, Path]


@dataclass(frozen=True)
class Content:
    """One suite's report.

    ``features`` are the arguments of all features; ``reported`` are published tables and ``claims`` those that apply, by
    name; ``papers`` are those of the methods; ``modules`` made the results; ``history`` says which results were carried
    over a change of the code.
    """

    suite: str
    title: str
    summary: str
    device: str
    precision: str
    threads: int
    features: dict[str, Any]
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
        """Every protocol of the suite by name."""
        return {scoring.protocol.name: scoring.protocol for group in self.groups for scoring in group.scorings}

    @property
    def keys(self) -> dict[str, list[str]]:
        """The keys of the columns that each group's main table can have."""
        return {group.name: [key for scoring in group.scorings for key in scoring.columns()] for group in self.groups}

    def check_summary(self) -> None:
        """Raise InputError for a placeholder ``{group/variant/evaluation}`` of the summary that no table can fill."""
        variants, keys = {group.name: group.variants for group in self.groups}, self.keys
        for name in PLACEHOLDER.findall(self.summary):
            message = f"params/suites/{self.suite}.yaml: key summary names {{{name}}}"
            group, *rest = name.split("/")
            if len(rest) != 2:
                first = next(iter(variants), "?")
                example = "/".join([first, *(next(iter(names.get(first, ())), "?") for names in (variants, keys))])
                raise InputError(f"{message}; write {{group/variant/evaluation}}, such as {{{example}}}")
            variant, key = rest
            for word, known in ((group, [*variants]), (variant, variants.get(group, [])), (key, keys.get(group, []))):
                require(word, known, f"{message}, but no table has {word}")
