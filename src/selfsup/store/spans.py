"""A definition as spans of text: what always counts, and what counts only where a word of its guards can occur.

A guard is a set of words (strings, attribute and keyword names). ``if kind == "margin":`` cannot be entered where no
reached code and no parameter contains the word ``margin``, so its body is under the guard {margin}; a keyword-only
parameter that no caller passes is its default. See docs/design.md, section 5.
"""

import ast
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

from selfsup.extensions import source
from selfsup.store.unfollowed import unfollowed

Guard = tuple[bool, frozenset[str]]  # (True, W): some word of W occurs; (False, W): none does


@dataclass
class Span:
    """Text under a stack of guards; ``refs`` are the dotted names it refers to, ``words`` those that occur with it.

    ``unfollowed`` are sentences on code and files that it uses, and of which no hash would be taken.
    """

    guards: tuple[Guard, ...]
    text: str = ""
    unfollowed: list[str] = field(default_factory=list)
    refs: list[str] = field(default_factory=list)
    words: set[str] = field(default_factory=set)


@dataclass
class Scope:
    """The names of a function or class: bound in it, imported in it, and parameters that are constants unless passed."""

    local: set[str] = field(default_factory=set)
    imported: dict[str, str] = field(default_factory=dict)
    constant: Mapping[str, object] = field(default_factory=dict)
    of_class: bool = False


class Spans:
    """The spans of one definition while it is written, and the scopes in which its names are looked up.

    ``names`` maps the global names of ``module``, its own definitions among them, to dotted names.
    """

    def __init__(self, names: dict[str, str], module: str) -> None:
        self.names = names
        self.module = module
        self.spans: list[Span] = [Span(())]
        self.scopes: list[Scope] = []

    @contextmanager
    def guarded(self, words: Iterable[str], occurs: bool = True) -> Iterator[None]:
        """Write what follows under one more guard; without words under no other."""
        outer = self.spans[-1].guards
        guard = frozenset(words)
        self.spans.append(Span((*outer, (occurs, guard)) if guard else outer))
        yield
        self.spans.append(Span(outer))

    def is_own(self, dotted: str) -> bool:
        """Return whether a dotted name is of this package or of an extension, so that its code is followed."""
        return dotted.split(".")[0] in ("selfsup", self.module.split(".")[0])

    def emit(self, text: str) -> None:
        self.spans[-1].text += text + " "

    def word(self, word: str) -> None:
        self.spans[-1].words.add(word)

    def ref(self, dotted: str, lookup: bool = False) -> None:
        """Refer to a dotted name; a dictionary that is used for more than look-ups counts with all its entries."""
        if not self.is_own(dotted):
            self.spans[-1].unfollowed += unfollowed(dotted)
            self.emit(dotted)
            return
        self.emit("@" + dotted.rpartition(".")[2])
        self.spans[-1].refs.append(dotted)
        if not lookup:
            self.word("*" + dotted)

    def visible(self) -> list[Scope]:
        """Return the scopes in which a name is looked up, the innermost first; methods do not see those of classes."""
        return [s for n, s in enumerate(reversed(self.scopes)) if n == 0 or not s.of_class]

    def constants(self) -> dict[str, object]:
        """Return the parameters that are constants unless passed, and their values."""
        return {name: value for scope in reversed(self.visible()) for name, value in scope.constant.items()}

    def dotted(self, node: ast.AST) -> str:
        """Return the dotted name that a name or an attribute of a module means; empty for locals and builtins."""
        if isinstance(node, ast.Name):
            for scope in self.visible():
                if node.id in scope.imported:
                    return scope.imported[node.id]
                if node.id in scope.local:
                    return ""
            return self.names.get(node.id, "")
        if isinstance(node, ast.Attribute) and (base := self.dotted(node.value)) and source(base):
            return f"{base}.{node.attr}"
        return ""
