"""Claims of papers, one file per paper in ``params/claims``: each is judged wherever a suite has its runs and evaluations.

A claim is ``{name, sentence, where, published, written, comparison}``, and ``published_difference`` where the paper prints
one, in the units of its metric and positive where the paper has it on the claim's side. ``written`` is before or after the
first result of the two runs, by the history of this repository; a ``note`` says what limits the comparison here. Its
comparison has two runs, ``higher`` and ``lower``, or ``close``, ``to`` and ``within``, and the keys of ``Side`` that both
share; where they differ, ``{run: simclr, metric: ...}`` stands for a run. Claims of one form are one entry: each mapping of
its ``each`` gives the words for ``{word}`` in it.
"""

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, NonNegativeFloat, PositiveFloat, PositiveInt

from selfsup.config.lookup import module_of
from selfsup.config.recipe import PARAMS, evaluation
from selfsup.config.shown import shown
from selfsup.config.strict import Strict, check, read_yaml, require, stems
from selfsup.config.suite import known_runs
from selfsup.errors import InputError

WORD = re.compile(r"\{(\w+)\}")
ORDER, CLOSENESS = ("higher", "lower"), ("close", "to")


@dataclass(frozen=True)
class Side:
    """One side of a comparison: the result rows of a run that have these values, ``evaluation`` being a protocol.

    None is a row's empty cell.
    """

    run: str
    evaluation: str
    metric: str
    baseline: str | None = None
    subset: str | None = None
    at: float | None = None
    layer: str | None = None
    label_fraction: float | None = None
    shots: int | None = None


@dataclass(frozen=True)
class Claim:
    """A paper's sentence as a comparison: ``first`` above ``second``, or the two at most ``within`` apart.

    ``data`` names the modules of the data sets on which it can be judged; empty means all. ``published_difference`` is first
    less second in the paper, None where it prints none.
    """

    name: str
    sentence: str
    source: str
    published: str
    first: Side
    second: Side
    within: float | None
    data: tuple[str, ...]
    published_difference: float | None
    written: Literal["before", "after"]
    note: str = ""

    def applies(self, scored: Mapping[str, Collection[str]], dataset: str) -> bool:
        """Return whether a group can judge it; ``scored`` has for each of its runs the protocols that score it."""
        if self.data and dataset not in self.data:
            return False
        return all(side.evaluation in scored.get(side.run, ()) for side in (self.first, self.second))


class DimensionKeys(Strict):
    baseline: str | None = None
    subset: str | None = None
    at: NonNegativeFloat | None = None
    layer: str | None = None
    label_fraction: PositiveFloat | None = None
    shots: PositiveInt | None = None


class RowKeys(DimensionKeys):
    evaluation: str
    metric: str


class SideKeys(RowKeys):
    run: str


SideEntry = Annotated[
    dict[str, Any], BeforeValidator(lambda entry: {"run": entry} if isinstance(entry, str) else entry)
]


class Order(RowKeys):
    higher: SideEntry
    lower: SideEntry


class Closeness(RowKeys):
    close: SideEntry
    to: SideEntry
    within: PositiveFloat


class ClaimEntry(Strict):
    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_]*$")]
    sentence: str
    where: str
    published: str
    published_difference: PositiveFloat | None = None
    written: Literal["before", "after"]
    comparison: dict[str, Any]
    note: str = ""
    data: list[str] = Field([])


class ClaimFile(Strict):
    paper: str
    arxiv: str
    claims: Annotated[list[dict[str, Any]], Field(min_length=1)]


@cache
def claims() -> dict[str, Claim]:
    """Return every claim by name, sorted; InputError for the first mistake in a file, before anything is trained."""
    by_name: dict[str, Claim] = {}
    for file in sorted((PARAMS / "claims").glob("*.yaml")):
        for claim in read_claims(file, read_yaml(file)):
            if claim.name in by_name:
                raise InputError(f"{file}: two claims have the name {claim.name}; give each its own")
            by_name[claim.name] = claim
    return dict(sorted(by_name.items()))


def read_claims(file: Path, content: dict[str, Any]) -> Iterator[Claim]:
    """Yield the claims of one paper's file, as parsed from YAML."""
    paper = check(ClaimFile, content, file)
    for number, entry in enumerate(paper["claims"]):
        for filled in _expanded(entry, f"{file}: key claims.{number}"):
            yield _claim(check(ClaimEntry, filled, file, f"claims.{number}"), paper["paper"], file, f"claims.{number}")


def _expanded(entry: dict[str, Any], where: str) -> list[dict[str, Any]]:
    """Return the claims of one entry: with ``each``, one for each of its mappings, whose words replace ``{word}``."""
    if "each" not in entry:
        return [entry]
    common = dict(entry)
    each = common.pop("each")
    if not isinstance(each, list) or not each or not all(isinstance(words, dict) for words in each):
        raise InputError(f"{where}.each is {each!r}; make it a list of what differs, {{word: value, ...}}")
    return [_filled(common, words, f"{where}.each.{number}") for number, words in enumerate(each)]


def _filled(value: Any, words: Mapping[str, Any], where: str) -> Any:
    """Return a value with its words replaced; one that is only ``{word}`` becomes the word's value, of any type."""
    if isinstance(value, dict):
        return {key: _filled(inner, words, where) for key, inner in value.items()}
    if not isinstance(value, str):
        return value
    for word in WORD.findall(value):
        require(word, words, f"{where} has no {word}")
    only = WORD.fullmatch(value)
    return words[only[1]] if only else WORD.sub(lambda word: _text(words[word[1]], f"{where}.{word[1]}"), value)


def _text(word: Any, key: str) -> str:
    if not isinstance(word, str | int | float):
        raise InputError(f"{key} is {word!r}; write text or a number, which becomes a part of a sentence")
    return str(word)


def _claim(entry: dict[str, Any], paper: str, file: Path, key: str) -> Claim:
    content = entry.pop("comparison")
    close = not content.keys().isdisjoint({*CLOSENESS, "within"})
    common = check(Closeness if close else Order, content, file, f"{key}.comparison")
    within, names = common.pop("within", None), CLOSENESS if close else ORDER
    own = {f"{key}.comparison.{name}": common.pop(name) for name in names}
    first, second = (Side(**check(SideKeys, common | side, file, name)) for name, side in own.items())
    for name, side in zip(own, (first, second), strict=True):
        check_side(side, f"{file}: key {name}")
    data = tuple(module_of("datasets", dataset, file, f"{key}.data") for dataset in entry["data"])
    source = f"{paper}, {entry.pop('where')}"
    return Claim(**entry | {"data": data}, source=source, first=first, second=second, within=within)


def check_side(side: Side, key: str) -> None:
    """Raise InputError for an unknown run, protocol or metric; ``key`` is what the sentence begins with."""
    require(side.run, known_runs(), f"{key} is {side.run}, which is not a run of any suite nor a recipe")
    protocols = stems(PARAMS / "evaluations")
    require(side.evaluation, protocols, f"{key} needs {side.evaluation}, which is not a file of params/evaluations")
    metrics = shown(f"evaluations.{evaluation(side.evaluation)[0]}").metrics
    require(side.metric, metrics, f"{key} compares {side.metric}, which is not a metric of {side.evaluation}")
