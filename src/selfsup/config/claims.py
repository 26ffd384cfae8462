"""Claims of papers, one file a paper in ``params/claims``: each is judged wherever a suite has its runs and evaluations.

A claim is ``{name, sentence, where, published, comparison}``. Its comparison has two runs, ``higher`` and ``lower``, or
``close``, ``to`` and ``within``, and the keys of ``Side`` that both share; where they differ, ``{run: simclr, metric: ...}``
stands for a run. Claims of one form are one entry: each mapping of its ``each`` gives the words for ``{word}`` in it.
"""

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, PositiveFloat, PositiveInt

from selfsup.config.lookup import module_of
from selfsup.config.recipe import PARAMS
from selfsup.config.strict import Strict, check, nearest, read_yaml
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
    """A paper's sentence as a comparison: ``first`` above ``second``, or the two no further apart than ``within``.

    ``data`` names the modules of the data sets on which it can be judged; none stands for all.
    """

    name: str
    sentence: str
    source: str
    published: str
    first: Side
    second: Side
    within: float | None
    data: tuple[str, ...]

    def applies(self, asked: Mapping[str, Collection[str]], dataset: str) -> bool:
        """Return whether a group can judge it; ``asked`` maps the group's runs to the protocols that each is scored by."""
        if self.data and dataset not in self.data:
            return False
        return all(side.evaluation in asked.get(side.run, ()) for side in (self.first, self.second))


class RowKeys(Strict):
    baseline: str | None = None
    subset: str | None = None
    at: PositiveFloat | None = None
    layer: str | None = None
    label_fraction: PositiveFloat | None = None
    shots: PositiveInt | None = None


class SideEntry(RowKeys):
    run: str
    evaluation: str | None = None
    metric: str | None = None


RunOrSide = Annotated[SideEntry, BeforeValidator(lambda side: {"run": side} if isinstance(side, str) else side)]


class Order(RowKeys):
    evaluation: str
    metric: str
    higher: RunOrSide
    lower: RunOrSide


class Closeness(RowKeys):
    evaluation: str
    metric: str
    close: RunOrSide
    to: RunOrSide
    within: PositiveFloat


class ClaimEntry(Strict):
    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_]*$")]
    sentence: str
    where: str
    published: str
    data: list[str] = Field(default_factory=list)


class OrderClaim(ClaimEntry):
    comparison: Order


class ClosenessClaim(ClaimEntry):
    comparison: Closeness


class ClaimFile(Strict):
    paper: str
    arxiv: str
    claims: Annotated[list[dict[str, Any]], Field(min_length=1)]


@cache
def claims() -> dict[str, Claim]:
    """Return every claim by name, sorted; InputError for the first mistake in a file, before anything is trained."""
    found: dict[str, Claim] = {}
    for file in sorted((PARAMS / "claims").glob("*.yaml")):
        for claim in read_claims(file, read_yaml(file)):
            if claim.name in found:
                raise InputError(f"{file}: two claims have the name {claim.name}; give each its own")
            found[claim.name] = claim
    return dict(sorted(found.items()))


def read_claims(file: Path, content: dict[str, Any]) -> Iterator[Claim]:
    """Yield the claims of one paper's file, as parsed from YAML."""
    paper = check(ClaimFile, content, file)
    for number, entry in enumerate(paper["claims"]):
        key = f"claims.{number}"
        for filled in _expanded(entry, f"{file}: key {key}"):
            asked = filled.get("comparison")
            close = isinstance(asked, dict) and asked.keys() & {*CLOSENESS, "within"}
            checked = check(ClosenessClaim if close else OrderClaim, filled, file, key)
            yield _claim(checked, paper["paper"], CLOSENESS if close else ORDER, file, key)


def _expanded(entry: dict[str, Any], where: str) -> list[dict[str, Any]]:
    """Return the claims of one entry: with ``each``, one for each of its mappings, whose words stand for ``{word}``."""
    if "each" not in entry:
        return [entry]
    each = entry["each"]
    if not isinstance(each, list) or not each or not all(isinstance(words, dict) for words in each):
        raise InputError(f"{where}.each is {each!r}; make it a list of what differs, {{word: value, ...}}")
    common = {key: value for key, value in entry.items() if key != "each"}
    return [_filled(common, words, f"{where}.each.{number}") for number, words in enumerate(each)]


def _filled(value: Any, words: Mapping[str, Any], where: str) -> Any:
    """Return a value with words put in; one that is nothing but ``{word}`` becomes the word's value, a number too."""
    if isinstance(value, dict):
        return {key: _filled(inner, words, where) for key, inner in value.items()}
    if not isinstance(value, str):
        return value
    if unknown := set(WORD.findall(value)) - set(words):
        raise InputError(f"{where} has no {min(unknown)}; {nearest(min(unknown), list(words))}")
    whole = WORD.fullmatch(value)
    return words[whole[1]] if whole else WORD.sub(lambda word: str(words[word[1]]), value)


def _claim(content: dict[str, Any], paper: str, sides: tuple[str, str], file: Path, key: str) -> Claim:
    comparison, source = content.pop("comparison"), f"{paper}, {content.pop('where')}"
    within, own = comparison.pop("within", None), [comparison.pop(side) for side in sides]
    first, second = (Side(**comparison | {k: v for k, v in side.items() if v is not None}) for side in own)
    for name, side in zip(sides, (first, second), strict=True):
        _known(side, file, f"{key}.comparison", name)
    for dataset in content["data"]:
        module_of("datasets", dataset, file, f"{key}.data")
    data = tuple(content.pop("data"))
    return Claim(**content, source=source, first=first, second=second, within=within, data=data)


def _known(side: Side, file: Path, key: str, name: str) -> None:
    """Refuse a run that is no variant of any suite and no recipe, and a protocol that has no file."""
    if side.run not in known_runs():
        hint = nearest(side.run, sorted(known_runs()))
        raise InputError(f"{file}: key {key}.{name} is {side.run}, which is no run of any suite and no recipe; {hint}")
    protocols = [protocol.stem for protocol in (PARAMS / "evaluations").glob("*.yaml")]
    if side.evaluation not in protocols:
        hint = nearest(side.evaluation, protocols)
        raise InputError(
            f"{file}: key {key} asks for {side.evaluation}, which is no file of params/evaluations; {hint}"
        )
