"""The content of a report: paths and plain values, assembled by ``pipeline/publish.py``."""

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from selfsup.config.claims import Claim
from selfsup.config.shown import Shown
from selfsup.config.strict import require
from selfsup.errors import InputError
from selfsup.report.group import Group, Protocol

PLACEHOLDER = re.compile(r"\{([^{}]*)\}")


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
