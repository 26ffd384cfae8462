"""A definition as spans of text: what counts always, and what counts only where a word of its guards can occur.

A guard is a set of words (strings, attribute and keyword names). ``if kind == "margin":`` cannot be entered where no
reached code and no parameter contains the word ``margin``, so its body stands under the guard {margin}; a keyword-only
parameter that nobody passes is its default. See docs/design.md, section 5.
"""

import ast
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

Guard = tuple[bool, frozenset[str]]  # (True, W): some word of W occurs; (False, W): none does


@dataclass
class Span:
    """Text under a stack of guards; ``refs`` are the dotted names that it refers to, ``words`` what it can bring about."""

    guards: tuple[Guard, ...]
    text: str = ""
    refs: list[str] = field(default_factory=list)
    words: set[str] = field(default_factory=set)


@dataclass
class Scope:
    """Names of one function: those it binds itself, what it imports, and parameters that are constants unless passed."""

    local: set[str] = field(default_factory=set)
    imported: dict[str, str] = field(default_factory=dict)
    constant: Mapping[str, object] = field(default_factory=dict)
    of_class: bool = False


class Spans:
    """The spans of one definition while it is written, and the scopes that its names are looked up in.

    ``names`` maps a module's global names to dotted names, its own definitions among them.
    """

    def __init__(
        self,
        names: dict[str, str],
        module: str,
        is_module: Callable[[str], bool],
        builder: Callable[[str], str],
    ) -> None:
        self.names = names
        self.module = module
        self.is_module = is_module
        self.builder = builder
        self.spans: list[Span] = [Span(())]
        self.scopes: list[Scope] = []

    @contextmanager
    def under(self, *guards: Guard) -> Iterator[None]:
        """Write what follows under more guards."""
        outer = self.spans[-1].guards
        self.spans.append(Span((*outer, *guards)))
        yield
        self.spans.append(Span(outer))

    def is_own(self, dotted: str) -> bool:
        """Return whether a dotted name is of this package or of one that extends it, so that its code can be followed."""
        return dotted.split(".")[0] in ("selfsup", self.module.split(".")[0])

    def emit(self, text: str) -> None:
        self.spans[-1].text += text + " "

    def word(self, *words: str) -> None:
        self.spans[-1].words.update(words)

    def ref(self, dotted: str, lookup: bool = False) -> None:
        """Refer to a dotted name; a table that is used for more than a look-up counts with all its entries."""
        if not self.is_own(dotted):
            self.emit(dotted)
            return
        self.emit("@" + dotted.rpartition(".")[2])
        self.spans[-1].refs.append(dotted)
        if not lookup:
            self.word("*" + dotted)

    def visible(self) -> list[Scope]:
        """Return the scopes that a name is looked up in, the innermost first; a class is none for its methods."""
        return [s for n, s in enumerate(reversed(self.scopes)) if n == 0 or not s.of_class]

    def constants(self) -> dict[str, object]:
        """Return the parameters that are constants unless passed, and their values."""
        return {name: value for scope in reversed(self.visible()) for name, value in scope.constant.items()}

    def dotted(self, node: ast.AST) -> str:
        """Return the dotted name that a name or an attribute of a module means, empty where it is local or a builtin."""
        if isinstance(node, ast.Name):
            for scope in self.visible():
                if node.id in scope.imported:
                    return scope.imported[node.id]
                if node.id in scope.local:
                    return ""
            return self.names.get(node.id, "")
        if isinstance(node, ast.Attribute) and (base := self.dotted(node.value)) and self.is_module(base):
            return f"{base}.{node.attr}"
        return ""
