"""Writes syntax as spans: leaves out what cannot change a number, and guards what few parameters lead to."""

import ast

from selfsup.store.names import arguments, bound_in, class_names, import_names
from selfsup.store.spans import Scope, Spans
from selfsup.store.syntax import is_docstring, is_off, is_say, needs, strings

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
        if not is_docstring(node) and not is_say(node):
            self._any(node)

    def _raise(self, node: ast.Raise) -> None:
        """Only the kind of what is raised counts, unless its text becomes a result."""
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
        table = self.dotted(node.value) if node.attr == "get" else ""
        if table:
            self.ref(table, lookup=True)
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
                with self.under((True, frozenset({node.id}))):
                    self.emit(node.id)
                with self.under((False, frozenset({node.id}))):
                    self.emit(repr(scope.constant[node.id]))
                return
        if dotted := self.dotted(node):
            self.ref(dotted)
            return
        self.emit(node.id)
        if self.scopes and self.scopes[-1].of_class:
            self.word(node.id)

    # branches -------------------------------------------------------------------------------------------------------
    def _if(self, node: ast.If) -> None:
        self._branch(node.test, node.body, node.orelse)

    def _ifexp(self, node: ast.IfExp) -> None:
        self._branch(node.test, node.body, node.orelse)

    def _branch(self, test: ast.expr, body: object, orelse: object) -> None:
        constants = self.constants()
        taken, skipped = needs(test, True, constants), needs(test, False, constants)
        if taken:
            with self.under((True, taken)):
                self._test(test, body)
            self.write(orelse)
            with self.under((True, taken)):
                self.emit("end")
        elif skipped:
            with self.under((True, skipped)):
                self._test(test, [])
                self.emit("else")
                self.write(orelse)
                self.emit("then")
            self.write(body)
        else:
            self._test(test, body)
            self.write(orelse)
            self.emit("end")

    def _test(self, test: ast.expr, body: object) -> None:
        self.emit("if")
        self.write(test)
        self.emit(":")
        self.write(body)
        self.emit("else")

    def _compare(self, node: ast.Compare) -> None:
        """A string that something is compared with does not occur for that reason."""
        self.write(node.left)
        for operator, value in zip(node.ops, node.comparators, strict=True):
            self.emit(type(operator).__name__)
            membership = isinstance(operator, ast.In | ast.NotIn)
            if (membership or isinstance(operator, ast.Eq | ast.NotEq)) and (literals := strings(value)):
                self.emit(repr(literals))
            elif membership and (table := self.dotted(value)):
                self.ref(table, lookup=True)
            else:
                self.write(value)

    def _match(self, node: ast.Match) -> None:
        self.emit("match")
        self.write(node.subject)
        for case in node.cases:
            value = case.pattern.value if isinstance(case.pattern, ast.MatchValue) else None
            literals = strings(value) if value is not None else []
            with self.under(*([(True, frozenset(literals))] if literals else [])):
                self._any(case)

    def _dict(self, node: ast.Dict) -> None:
        """A description of an encoder refers to the code of its backbone, which is imported by name alone."""
        for key, value in zip(node.keys, node.values, strict=True):
            if isinstance(key, ast.Constant) and key.value == "backbone" and (backbone := strings(value)):
                self.ref(self.builder(backbone[0]))
        self._any(node)

    # tables ---------------------------------------------------------------------------------------------------------
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

    def entries(self, node: ast.Dict, whole: str = "") -> None:
        """Write a table that is only looked up in: an entry counts where its key occurs, or ``whole``, a word of its own."""
        self.emit("{")
        for key, value in zip(node.keys, node.values, strict=True):
            if isinstance(key, ast.Constant) and isinstance(key.value, str):
                with self.under((True, frozenset({key.value, whole}) - {""})):
                    self.emit(repr(key.value))
                    self.write(value)
            else:
                self.write(key)
                self.write(value)
        self.emit("}")

    # functions and classes ------------------------------------------------------------------------------------------
    def _functiondef(self, node: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda) -> None:
        by_annotation = any("register" in ast.unparse(d) for d in getattr(node, "decorator_list", []))
        self.write(getattr(node, "decorator_list", []))
        self.emit("def " + getattr(node, "name", ""))
        defaults = zip(node.args.kwonlyargs, node.args.kw_defaults, strict=True)
        bound = bound_in(node)
        constant = {
            arg.arg: default.value
            for arg, default in defaults
            if isinstance(default, ast.Constant) and arg.arg not in bound.stored
        }
        for arg in [*node.args.posonlyargs, *node.args.args, node.args.vararg, node.args.kwarg]:
            self.emit(arg.arg if arg else "-")
            if by_annotation and arg is not None:
                self.write(arg.annotation)
        self.write(node.args.defaults)
        for arg, default in zip(node.args.kwonlyargs, node.args.kw_defaults, strict=True):
            with self.under(*([(True, frozenset({arg.arg}))] if arg.arg in constant else [])):
                self.emit(arg.arg + "=")
                self.write(default)
        imported = {
            name: dotted for inner in bound.imports for name, dotted in import_names(inner, self.module).items()
        }
        self.scopes.append(Scope(bound.stored | {arg.arg for arg in arguments(node)}, imported, constant))
        self.write(node.body)
        self.scopes.pop()
        self.emit("end")

    _asyncfunctiondef = _lambda = _functiondef

    def _import(self, node: ast.AST) -> None:
        """What an import binds is resolved where it is used."""

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
        self.scopes.append(Scope({name for member in node.body for name in class_names(member)}, of_class=True))
        for member in node.body:
            self._member(member, foreign)
        self.scopes.pop()
        self.emit("end")

    def _member(self, member: ast.stmt, foreign: bool) -> None:
        """Write a method where its name occurs, a field that is off unless set where it is used, all else always."""
        name = getattr(member, "name", "") if isinstance(member, ast.FunctionDef | ast.AsyncFunctionDef) else ""
        if name.startswith("__") or name in ALWAYS_CALLED or foreign:
            name = ""
        elif isinstance(member, ast.AnnAssign) and isinstance(member.target, ast.Name) and is_off(member.value):
            name = member.target.id
        with self.under(*([(True, frozenset({name}))] if name else [])):
            self.write(member)
