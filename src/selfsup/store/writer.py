"""Writes syntax as spans: leaves out what cannot change a number, and guards what only some parameters lead to."""

import ast

from selfsup.store import syntax
from selfsup.store.spans import Scope, Spans
from selfsup.store.unfollowed import unfollowed

ALWAYS_CALLED = frozenset(
    {"forward", "backward", "setup_context", "reset_parameters", "train", "_apply", "_load_from_state_dict"}
)
HARMLESS_BASES = frozenset({"ABC", "Protocol", "Generic", "object", "Enum", "Module", "NamedTuple", "Exception"})


class SpanWriter(Spans):
    """Writes the syntax of one definition."""

    def write(self, node: object) -> None:
        """Write a node, a list of nodes, or a plain value."""
        if isinstance(node, list):
            for item in node:
                self.write(item)
        elif isinstance(node, ast.AST):
            getattr(self, f"_{type(node).__name__.lower()}", self._any)(node)
        else:
            self.emit(repr(node))

    def _any(self, node: ast.AST) -> None:
        self.emit(type(node).__name__ + "(")
        for name, value in ast.iter_fields(node):
            if value is not None and value != [] and name not in ("ctx", "type_comment", "kind"):
                self.emit(name)
                self.write(value)
        self.emit(")")

    def _constant(self, node: ast.Constant) -> None:
        if isinstance(node.value, str):
            self.word(node.value)
        self.emit(repr(node.value))

    def _expr(self, node: ast.Expr) -> None:
        if not syntax.is_docstring(node) and not syntax.is_report(node):
            self._any(node)

    def _raise(self, node: ast.Raise) -> None:
        """Only the class of an exception counts, unless its text becomes a result."""
        raised = node.exc.func if isinstance(node.exc, ast.Call) else node.exc
        name = ast.unparse(raised) if raised is not None else ""
        self.emit("raise")
        if "NotApplicable" in name:
            self.write(node.exc)
        elif name.rpartition(".")[2][:1].isupper():
            self.emit(name)

    def _assert(self, node: ast.Assert) -> None:
        self.emit("assert")
        self.write(node.test)

    def _annassign(self, node: ast.AnnAssign) -> None:
        self.write(node.target)
        self.write(node.value)

    def _attribute(self, node: ast.Attribute) -> None:
        if dotted := self.dotted(node):
            self.ref(dotted)
            return
        self.word(node.attr)
        if node.attr == "get" and (dictionary := self.dotted(node.value)):
            self.ref(dictionary, lookup=True)
        else:
            self.write(node.value)
        self.emit("." + node.attr)

    def _keyword(self, node: ast.keyword) -> None:
        if node.arg:
            self.word(node.arg)
            self.emit(node.arg + "=")
        else:
            self.emit("**")
        self.write(node.value)

    def _name(self, node: ast.Name) -> None:
        for scope in self.visible():
            if node.id in scope.constant and isinstance(node.ctx, ast.Load):
                with self.guarded({node.id}):
                    self.emit(node.id)
                with self.guarded({node.id}, occurs=False):
                    self.emit(repr(scope.constant[node.id]))
                return
        if dotted := self.dotted(node):
            self.ref(dotted)
            return
        if not any(node.id in scope.local for scope in self.scopes):
            self.spans[-1].unfollowed += unfollowed(node.id)
        self.emit(node.id)
        if self.scopes and self.scopes[-1].of_class:
            self.word(node.id)

    # branches -------------------------------------------------------------------------------------------------------
    def _if(self, node: ast.If | ast.IfExp) -> None:
        constants = self.constants()
        if words := syntax.required_words(node.test, True, constants):
            with self.guarded(words):
                self._test(node.test, node.body)
            self.write(node.orelse)
            with self.guarded(words):
                self.emit("end")
        elif words := syntax.required_words(node.test, False, constants):
            with self.guarded(words):
                self._test(node.test, [])
                self.emit("else")
                self.write(node.orelse)
                self.emit("then")
            self.write(node.body)
        else:
            self._test(node.test, node.body)
            self.write(node.orelse)
            self.emit("end")

    _ifexp = _if

    def _test(self, test: ast.expr, body: object) -> None:
        self.emit("if")
        self.write(test)
        self.emit(":")
        self.write(body)
        self.emit("else")

    def _compare(self, node: ast.Compare) -> None:
        """A string does not occur because something is compared with it."""
        self.write(node.left)
        for operator, value in zip(node.ops, node.comparators, strict=True):
            self.emit(type(operator).__name__)
            membership = isinstance(operator, ast.In | ast.NotIn)
            if (membership or isinstance(operator, ast.Eq | ast.NotEq)) and (literals := syntax.strings(value)):
                self.emit(repr(literals))
            elif membership and (dictionary := self.dotted(value)):
                self.ref(dictionary, lookup=True)
            else:
                self.write(value)

    def _match(self, node: ast.Match) -> None:
        self.emit("match")
        self.write(node.subject)
        for case in node.cases:
            value = case.pattern.value if isinstance(case.pattern, ast.MatchValue) else None
            with self.guarded(syntax.strings(value) if value is not None else []):
                self._any(case)

    def _dict(self, node: ast.Dict) -> None:
        """An encoder's description refers to the code of its backbone, which is found by its name."""
        for key, value in zip(node.keys, node.values, strict=True):
            if isinstance(key, ast.Constant) and key.value == "backbone" and (backbone := syntax.strings(value)):
                self.ref(syntax.builder(backbone[0]))
        self._any(node)

    # dictionaries ---------------------------------------------------------------------------------------------------
    def _subscript(self, node: ast.Subscript) -> None:
        self.emit("[")
        if isinstance(node.value, ast.Dict):
            self.entries(node.value)
        elif dotted := self.dotted(node.value):
            self.ref(dotted, lookup=True)
        else:
            self.write(node.value)
        self.write(node.slice)
        self.emit("]")

    def entries(self, node: ast.Dict, of: str = "") -> None:
        """Write a dictionary for look-ups: an entry counts where its key occurs, or ``of``, the word for all entries."""
        self.emit("{")
        for key, value in zip(node.keys, node.values, strict=True):
            if isinstance(key, ast.Constant) and isinstance(key.value, str):
                with self.guarded({key.value, of} - {""}):
                    self.emit(repr(key.value))
                    self.write(value)
            else:
                self.write(key)
                self.write(value)
        self.emit("}")

    # functions and classes ------------------------------------------------------------------------------------------
    def _functiondef(self, node: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda) -> None:
        decorators = getattr(node, "decorator_list", [])
        by_annotation = any("register" in ast.unparse(decorator) for decorator in decorators)
        self.write(decorators)
        self.emit("def " + getattr(node, "name", ""))
        bound = syntax.bound_names(node)
        positional = [*node.args.posonlyargs, *node.args.args, node.args.vararg, node.args.kwarg]
        for arg in positional:
            self.emit(arg.arg if arg else "-")
            if by_annotation and arg:
                self.write(arg.annotation)
        self.write(node.args.defaults)
        constant = {}
        for arg, default in zip(node.args.kwonlyargs, node.args.kw_defaults, strict=True):
            if isinstance(default, ast.Constant) and arg.arg not in bound:
                constant[arg.arg] = default.value
            with self.guarded({arg.arg} & constant.keys()):
                self.emit(arg.arg + "=")
                self.write(default)
        imported: dict[str, str] = {}
        for inner in syntax.own_nodes(node):
            if isinstance(inner, ast.Import | ast.ImportFrom):
                imported |= syntax.import_names(inner, self.module)
        local = bound | {arg.arg for arg in [*positional, *node.args.kwonlyargs] if arg}
        self.scopes.append(Scope(local, imported, constant))
        self.write(node.body)
        self.scopes.pop()
        self.emit("end")

    _asyncfunctiondef = _lambda = _functiondef

    def _import(self, node: ast.AST) -> None:
        """Leave an import out: its names are resolved where they are used."""

    _importfrom = _import

    def _classdef(self, node: ast.ClassDef) -> None:
        self.write(node.decorator_list)
        self.emit("class " + node.name)
        self.write(node.bases)
        self.write(node.keywords)
        bases = [ast.unparse(base).split("[")[0] for base in node.bases]
        foreign = any(
            not self.is_own(self.names.get(base.split(".")[0], "")) and base.rpartition(".")[2] not in HARMLESS_BASES
            for base in bases
        )
        self.scopes.append(Scope(syntax.bound_names(node), of_class=True))
        for member in node.body:
            self._member(member, foreign)
        self.scopes.pop()
        self.emit("end")

    def _member(self, member: ast.stmt, foreign: bool) -> None:
        """Write a method where its name occurs, a field that is off by default where it is used, all else always."""
        name = ""
        if isinstance(member, ast.FunctionDef | ast.AsyncFunctionDef):
            if not (member.name.startswith("__") or member.name in ALWAYS_CALLED or foreign):
                name = member.name
        elif isinstance(member, ast.AnnAssign) and isinstance(member.target, ast.Name):
            name = member.target.id if syntax.is_off(member.value) and not foreign else ""
        with self.guarded({name} - {""}):
            self.write(member)
