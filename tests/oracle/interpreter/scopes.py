"""Where variables live: dicts, each inside another; and what leaves a body early."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from soli_lang.base.errors import SoliError, SoliNameError, SoliTypeError
from soli_lang.base.source import Source
from soli_lang.tree import nodes
from soli_lang.values.values import UNSET, Value

from .names import assigned, constants, declared, ends


class Signal(BaseException):
    """Leaves a body early; no error of the program."""


class NextSignal(Signal):
    pass


class BreakSignal(Signal):
    pass


class ReturnSignal(Signal):
    def __init__(self, value: Value) -> None:
        super().__init__()
        self.value = value


class Scope:
    """The variables of one block, function or file; `outer` is what it stands in.

    `function` is the scope that a bare assignment to an unknown name makes its variable
    in: the innermost function's or the file's own.
    """

    def __init__(
        self, outer: Scope | None, source: Source, oracle: Any, *, owns: bool = False
    ) -> None:
        self.oracle = oracle
        """The `interpreting.Oracle` that runs here."""
        self.names: dict[str, Value] = {}
        self.constants: set[str] = set()
        self.begins: dict[str, int] = {}
        self.outer = outer
        self.source = source
        self.function: Scope = self if owns or outer is None else outer.function
        self.this: Value = UNSET
        self.home: Any = None
        """The class in which the method stands that runs here."""
        self.has_it = False
        """Whether it is the scope of a call whose argument is read as `it`."""
        self.static = False
        """Whether that is a static method."""

    def inner(self) -> Scope:
        """The scope of a block in this one."""
        return Scope(self, self.source, self.oracle)

    def call(self) -> Scope:
        """The scope of a function in this one."""
        return Scope(self, self.source, self.oracle, owns=True)

    def evaluate(self, node: nodes.Node) -> Value:
        """The value of an expression; for a statement the value that it leaves."""
        return self.oracle.evaluate(node, self)

    @contextmanager
    def at(self, node: nodes.Node) -> Iterator[None]:
        """Errors inside are of the place of *node*, unless they have one."""
        try:
            yield
        except SoliError as error:
            error.locate(node.span, self.source)
            raise

    def body(self, body: nodes.Body) -> Value:
        """The statements of *body* in this very scope; the value of the last one."""
        value = None
        for statement in body.statements:
            self.oracle.whole.update(ends(statement))
            value = self.evaluate(statement)
        return value

    def block(self, body: nodes.Body) -> Value:
        """*body* in a scope of its own."""
        inner = self.inner()
        inner.declare(body)
        return inner.body(body)

    def outside_of_it(self, name: str) -> Scope:
        """Where the name of what is called is looked up: `it(…)` is no argument."""
        scope = self
        while name == "it" and scope.has_it and scope.outer is not None:
            scope = scope.outer
        return scope

    def declare(self, body: nodes.Body) -> None:
        """Know what is a variable of this block by its text, or of this function or file."""
        is_file = self.outer is not None and self.outer.outer is None
        for name, begin in declared(body):
            is_later = name not in self.names or name in self.begins
            if is_later and begin and not is_file:
                self.begins[name] = min(begin, self.begins.get(name, begin))
            self.names.setdefault(name, UNSET)
        self.constants.update(constants(body))
        for name in assigned(body) if self.function is self else ():
            owner = self.owner(name, body.span.end)
            if owner is None or owner.outer is None:
                self.names[name] = UNSET

    def declare_defaults(self, function: nodes.FunctionNode) -> None:
        """Know of the variables of *function* what matters where defaults of parameters run."""
        self.constants.update(constants(function.body))
        self.declare_inside(function.params)

    def declare_inside(self, parts: Iterable[nodes.Node]) -> None:
        """Know of the variables that patterns in *parts* make, where these run in this scope."""
        for name, begin in (one for part in parts for one in declared(part)):
            if name not in self.names or name in self.begins:
                self.begins[name] = min(begin, self.begins.get(name, begin))
                self.names[name] = UNSET

    def owner(self, name: str, at: int) -> Scope | None:
        """Whose variable *name* is, read or assigned at that place of the text: the nearest one's.

        Before a `let` that is what it means around the block, if it means anything there.
        """
        scope: Scope | None = self
        before: Scope | None = None
        while scope is not None:
            if at < scope.begins.get(name, 0):
                before = before or scope
            elif name in scope.names:
                return scope
            scope = scope.outer
        return before

    def find(self, name: str, at: int) -> Scope | None:
        """Who has a value for *name*; a builtin is there until its name is a variable."""
        owner = self.owner(name, at)
        if owner is None or owner.names.get(name, UNSET) is UNSET:
            owner = self.oracle.builtins
        return owner if name in owner.names else None

    def get(self, name: str, node: nodes.Node) -> Value:
        """The value of the variable *name* that *node* reads."""
        holder = self.find(name, node.span.start)
        if holder is None:
            raise SoliNameError(f"Undefined variable '{name}'", node.span, self.source)
        return holder.names[name]

    def define(self, name: str, value: Value) -> None:
        """`let`, `const` and all declarations: a variable of this very scope."""
        self.names[name] = value

    def target(self, name: str, at: int) -> Scope:
        """Where an assignment to *name* goes: builtins are shadowed, never overwritten."""
        owner = self.owner(name, at)
        if owner is None or owner.outer is None:
            owner = self.function
        if name in owner.constants:
            raise SoliTypeError(f"cannot reassign constant '{name}'")
        return owner

    def named(self, node: nodes.Expr) -> Value:
        """The value of *node*, without calling it where it is a name (`f(&block)`)."""
        if not isinstance(node, nodes.Name):
            return self.evaluate(node)
        return self.get(node.name, node)

    def receiver(self, default: Value = UNSET) -> Value:
        """`this`; *default*, if that is given, where there is none."""
        scope: Scope | None = self
        while scope is not None:
            if scope.this is not UNSET:
                return scope.this
            scope = None if scope.static else scope.outer
        if default is UNSET:
            raise SoliTypeError("'this' outside of class")
        return default

    def home_class(self) -> Any:
        """The class whose superclass `super` means: that of the method which runs here."""
        scope: Scope | None = self
        while scope is not None:
            if scope.home is not None:
                return scope.home
            scope = scope.outer
        raise SoliTypeError("'super' outside of class")
