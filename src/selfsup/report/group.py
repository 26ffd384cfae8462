"""Runs pretrained on one data set and what they are scored on: one main table of a report."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from selfsup.config.shown import Shown

ANCHORS = {"floor": "anchor: untrained", "classical": "anchor: classical", "labels": "anchor: all labels"}


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
        """Return the names of the protocols by which each variant is scored on a target, with any of its seeds."""
        found: dict[str, set[str]] = {variant: set() for variant in self.variants}
        for member in self.members:
            found[member.variant] |= {protocol for name, protocol in member.measures if name == target.name}
        return found

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
    def seeds(self) -> str:
        """How many seeds its variants have, in words: "one seed", "3 seeds" or "3 to 5 seeds"."""
        fewest, most = self._seed_counts
        if most < 2:
            return "one seed"
        return f"{most} seeds" if fewest == most else f"{fewest} to {most} seeds"

    @property
    def repeated(self) -> bool:
        """Whether a variant has several seeds, and so an interval."""
        return self._seed_counts[1] > 1

    @property
    def _seed_counts(self) -> tuple[int, int]:
        """The fewest and the most seeds of a variant."""
        counts = [len(self.seeds_of(variant)) for variant in self.variants]
        return min(counts, default=0), max(counts, default=0)

    @property
    def first_seeds(self) -> dict[str, Member]:
        """The members whose pictures are shown, by variant."""
        return {variant: members[0] for variant in self.variants if (members := self.seeds_of(variant))}
