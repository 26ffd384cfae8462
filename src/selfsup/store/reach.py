"""The code that can change an artefact's numbers: what is reached from the functions that make it, with its parameters.

Definitions are reached, not files: a message, a docstring, another artefact's caption, a branch that no parameter leads
to, a field that is never set and a renamed file change nothing; a constant in a loss changes all that reach it.
"""

import hashlib
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from selfsup.errors import InputError
from selfsup.extensions import source
from selfsup.store.modules import EFFECTS, read
from selfsup.store.spans import Guard, Span

# They find the module and the class that a name means. What they find is among the roots, so how they find it is left out.
LOOKUPS = ("selfsup.extensions", "selfsup.optional", "selfsup.specs.syntax")


@dataclass(frozen=True, eq=False)
class Code:
    """The reached code: a hash for each definition by its dotted name, and every word that can occur in it.

    ``guards`` are the words on which the result depends: two sets of words that agree in these reach the same code.
    """

    hashes: dict[str, str]
    words: frozenset[str]
    guards: frozenset[str]

    @property
    def digest(self) -> str:
        """Equal for equal code, whatever the names of its files and modules."""
        return hashlib.sha256(" ".join(sorted(self.hashes.values())).encode()).hexdigest()[:16]


_found: dict[tuple[str, ...], list[tuple[frozenset[str], Code]]] = defaultdict(list)


def reach(roots: tuple[str, ...], words: frozenset[str]) -> Code:
    """Return the code reached from ``roots`` (dotted names) where ``words`` can occur in parameters and inputs."""
    for given, code in _found[roots]:
        if given & code.guards == words & code.guards:
            return code
    code = _Search(words).run(roots)
    _found[roots].append((words, code))
    return code


def sources(code: Code) -> dict[Path, str]:
    """Return the hash of each file that holds a reached definition."""
    modules = {name.rpartition(".")[0] for name in code.hashes}
    files = {file for module in modules if (file := source(module))}
    return {file: hashlib.sha256(file.read_bytes()).hexdigest() for file in sorted(files)}


def words_of(value: Any) -> set[str]:
    """Return every string of a parameter's value, keys included."""
    if isinstance(value, str):
        return {value}
    if isinstance(value, dict):
        return {str(key) for key in value} | {word for inner in value.values() for word in words_of(inner)}
    if isinstance(value, list | tuple):
        return {word for inner in value for word in words_of(inner)}
    return set()


@cache
def resolve(dotted: str) -> tuple[str, str] | None:
    """Return (module, definition) of a dotted name, through imports of other modules; None for another library's.

    The definition is empty where the name is a module that is used as a value: then all of the module counts.
    """
    if source(dotted):
        return dotted, ""
    module, _, name = dotted.rpartition(".")
    if not module:
        return None
    if not source(module):
        return resolve(module)  # an attribute of a class or a constant
    target = read(module).names.get(name)
    if target == dotted:
        return module, name
    return resolve(target) if target else None


class _Search:
    def __init__(self, words: frozenset[str]) -> None:
        self.words = set(words)
        self.guards: set[str] = set()
        self.reached: dict[tuple[str, str], list[Span]] = {}
        self.waiting: dict[str, list[Span]] = defaultdict(list)
        self.queue: list[Span] = []

    def run(self, roots: tuple[str, ...]) -> Code:
        for root in roots:
            self._reach(root)
        while self.queue:
            self._enter(self.queue.pop())
        self._refuse_unfollowed()
        shallow = {key: self._text(spans) for key, spans in self.reached.items()}
        hashes = {f"{module}.{name}": self._deep(shallow, (module, name)) for module, name in self.reached}
        return Code(dict(sorted(hashes.items())), frozenset(self.words), frozenset(self.guards))

    def _reach(self, dotted: str) -> None:
        module, name = resolve(dotted) or ("", "")
        if not module or module in LOOKUPS:
            return
        content = read(module).spans
        for definition in [name, EFFECTS] if name else list(content):
            if (module, definition) not in self.reached and definition in content:
                self.reached[module, definition] = content[definition]
                for span in content[definition]:
                    self._wait(span)

    def _wait(self, span: Span) -> None:
        """Enter a span once a word of each of its guards occurs; guards of absence do not delay it here."""
        for occurs, words in span.guards:
            self.guards |= words
            if occurs and not words & self.words:
                for word in words:
                    self.waiting[word].append(span)
                return
        self.queue.append(span)

    def _enter(self, span: Span) -> None:
        for dotted in span.refs:
            self._reach(dotted)
        for word in span.words - self.words:
            self.words.add(word)
            for waiting in self.waiting.pop(word, []):
                self._wait(waiting)

    def _refuse_unfollowed(self) -> None:
        for (module, name), spans in self.reached.items():
            for span in spans:
                if span.unfollowed and self._holds(span.guards):
                    raise InputError(f"{source(module)}: {name} {span.unfollowed[0]}")

    def _text(self, spans: list[Span]) -> str:
        return _sha256("".join(span.text for span in spans if self._holds(span.guards)))

    def _deep(self, shallow: dict[tuple[str, str], str], key: tuple[str, str]) -> str:
        """Return the hash of a definition and of those it refers to, so that two of one name differ."""
        targets = (resolve(ref) for span in self.reached[key] if self._holds(span.guards) for ref in span.refs)
        return _sha256(" ".join([shallow[key], *(shallow.get(target, "") for target in targets if target)]))

    def _holds(self, guards: Iterable[Guard]) -> bool:
        return all(bool(words & self.words) == occurs for occurs, words in guards)


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]
