"""Where every variable lives (docs/spec §4.6), decided before anything is compiled.

A variable belongs to a block. Blocks whose variables outlive a loop turn (because a nested
function mentions them) get a frame of their own, made anew each turn; all others share the frame
of their function. Whether a nested function mentions a name is decided by name alone: that can
only err towards a frame too many.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ..tree import nodes
from ..values.values import UNSET, Value
from .summaries import CLASS as CLASS
from .summaries import HIDDEN as HIDDEN
from .summaries import NESTED, Summaries, Summary

THIS = "this"


class Variable:
    """A name in a block, which *home* makes; one of a file has an *index* instead."""

    __slots__ = (
        "captured", "cell", "home", "index", "is_const", "kind", "name", "reads", "sure", "unset",
        "writes",
    )  # fmt: skip

    def __init__(self, name: str, home: Block | None, index: int = 0) -> None:
        self.name = name
        self.home = home
        self.index = index
        self.is_const = False
        self.sure = False
        """Whether a value was certainly given by where the pass of facts has come to."""
        self.unset = False
        """Whether it is read, or seen by a nested function, where it may have no value yet."""
        self.captured = False
        self.cell = False
        """Whether it is kept in a list of one, because a nested function sees it change."""
        self.reads = 0
        """How often it is read, as it is written; once more where that is in a loop."""
        self.writes: list[Any] = []
        """Nodes of the values that it is given, None for one that is not written as a node."""
        self.kind: type | None = None
        """The Python class of all its values, where that is certain."""


class FileScope:
    """The variables of one file: names, and the list that holds their values."""

    __slots__ = ("names", "slots", "whole")

    def __init__(self, whole: FileScope | None = None) -> None:
        self.whole: FileScope = self if whole is None else whole
        """The file itself, where this is what one program knows of it."""
        self.names: dict[str, Variable] = {} if whole is None else dict(whole.names)
        self.slots: list[Value] = [] if whole is None else whole.slots

    def declare(self, name: str) -> Variable:
        """The file variable *name*, made when it is new."""
        variable = self.names.get(name)
        if variable is None and self.whole is not self:
            variable = self.names[name] = self.whole.declare(name)
        elif variable is None:
            variable = self.names[name] = Variable(name, None, len(self.slots))
            self.slots.append(UNSET)
        return variable

    def get(self, name: str) -> Value:
        """The value of *name*, UNSET when it has none."""
        variable = self.names.get(name)
        return UNSET if variable is None else self.slots[variable.index]

    def set(self, name: str, value: Value) -> None:
        """Give *name* a value, as an import or a host does."""
        self.slots[self.declare(name).index] = value


class Block:
    """A lexical block. `frame` is the block that makes its variables anew (maybe itself)."""

    __slots__ = (
        "declaration", "file", "frame", "function", "in_loop", "is_method", "names", "nested",
        "parent",
    )  # fmt: skip

    def __init__(
        self,
        parent: Block | None,
        *,
        file: FileScope,
        is_function: bool = False,
        in_loop: bool = False,
        own_frame: bool = False,
    ) -> None:
        self.parent = parent
        self.file = file
        self.names: dict[str, Variable] = {}
        self.declaration: Any = None
        """The class, module or enum whose body this is."""
        self.function: Block = self if is_function or parent is None else parent.function
        self.in_loop = in_loop
        self.is_method = False
        """True for the root block of a method: its `this` is always there."""
        self.frame: Block = self if is_function or own_frame or parent is None else parent.frame
        self.nested: set[str] = set() if parent is None else parent.nested
        """Names that functions inside this block's function mention."""

    def declare(self, name: str) -> Variable:
        """A variable of this block (again: the same one)."""
        if self.parent is None:
            return self.file.declare(name)
        variable = self.names.get(name)
        return self.declare_in(self.frame, name) if variable is None else variable

    def declare_in(self, home: Block, name: str) -> Variable:
        """A variable of this block that *home* makes (even where that is a file)."""
        variable = self.names[name] = Variable(name, home)
        return variable

    def find(self, name: str) -> Variable | None:
        """The nearest variable *name*, looking outwards to the file."""
        block: Block | None = self
        while block is not None:
            variable = block.names.get(name)
            if variable is not None:
                return variable
            block = block.parent
        return self.file.names.get(name)

    def visible_names(self) -> Iterator[str]:
        """All variable names that can be used here, inner ones first."""
        block: Block | None = self
        while block is not None:
            yield from (name for name in block.names if not name.startswith("%"))
            block = block.parent
        yield from self.file.names


# --- declaring ---


class Scopes:
    """The blocks of one file, by the node that opens them."""

    __slots__ = ("blocks", "file", "summaries")

    def __init__(self, file: FileScope) -> None:
        self.file = file
        self.blocks: dict[int, Block] = {}
        self.summaries = Summaries()

    def of(self, node: nodes.Node) -> Block:
        """The block that *node* opened when it was declared."""
        return self.blocks[id(node)]

    def declare_function(self, node: nodes.FunctionNode | nodes.Body, block: Block) -> None:
        """Declare all variables of the function (or file's body) whose root block is *block*.

        First what `let`, loops, handlers and patterns declare; then bare assignments, which
        need to know all of that (docs/spec §4.6). Defaults of parameters are evaluated in it, too.
        """
        summary = self.summaries.of(node)
        block.nested = summary.nested
        body = node.body if isinstance(node, nodes.FunctionNode) else node
        pending: _Pending = [(one, block) for one in body.statements]
        if isinstance(node, nodes.FunctionNode):
            pending += [(one.default, block) for one in node.params if one.default is not None]
        for name in _let_names(body, summary):
            block.declare(name)
        for name, at in self._walk(pending, summary):
            if at.find(name) is None:
                block.declare(name)

    def _walk(self, pending: _Pending, summary: Summary) -> list[tuple[str, Block]]:
        """Open the blocks inside; the bare assignments there, with the block of each.

        Keeps its own stack: a long chain of operators must not use up Python's.
        """
        assigned: list[tuple[str, Block]] = []
        while pending:
            node, at = pending.pop()
            kind = node.__class__
            if kind in _OPENING:
                self._open_inside(node, at, pending, summary)
            elif kind not in NESTED:  # which are declared when they are written
                if kind in _ASSIGNING and node.target.__class__ is nodes.Name:
                    assigned.append((node.target.name, at))
                for child in nodes.children(node):
                    pending.append((child, at))
        return assigned

    def _open_inside(self, node: Any, at: Block, pending: _Pending, summary: Summary) -> None:
        """Open the blocks of *node*, which stands in *at*."""
        kind = node.__class__
        if kind is nodes.For:
            inner = self._open(node, at, [node.variable, node.index], in_loop=True)
            pending.append((node.iterable, at))
            self._open_body(node.body, inner, pending, summary, in_loop=True)
        elif kind is nodes.While:
            pending.append((node.condition, at))
            self._open_body(node.body, at, pending, summary, in_loop=True)
        elif kind is nodes.Handler:
            inner = self._open(node, at, [node.variable], in_loop=at.in_loop)
            self._open_body(node.body, inner, pending, summary, in_loop=at.in_loop)
        elif kind is nodes.Body:
            self._open_body(node, at, pending, summary, in_loop=at.in_loop)
        else:  # a comprehension
            inner = self._open(node, at, [node.variable], in_loop=True)
            for child in nodes.children(node):
                pending.append((child, at if child is node.iterable else inner))

    def _open_body(
        self, body: nodes.Body, parent: Block, pending: _Pending, summary: Summary, *, in_loop: bool
    ) -> None:
        inner = self._open(body, parent, _let_names(body, summary), in_loop=in_loop)
        for statement in body.statements:
            pending.append((statement, inner))

    def _open(self, node: nodes.Node, parent: Block, names: list[Any], *, in_loop: bool) -> Block:
        """Open a block for *node*. It gets its own frame when a turn's variables can be kept."""
        own_frame = in_loop and not parent.nested.isdisjoint(names)
        block = Block(parent, file=self.file, in_loop=in_loop, own_frame=own_frame)
        self.blocks[id(node)] = block
        for name in names:
            if name is not None:
                block.declare(name)
        return block


_Pending = list[tuple[Any, Block]]
_OPENING = frozenset(
    {
        nodes.For, nodes.While, nodes.Handler, nodes.Body, nodes.ArrayComprehension,
        nodes.HashComprehension,
    }
)  # fmt: skip
_ASSIGNING = frozenset({nodes.Assign, nodes.CompoundAssign, nodes.Increment})
_NAMED = frozenset({nodes.Let, nodes.Const, nodes.ClassDecl, nodes.EnumDecl})
_BLOCKS = frozenset({nodes.Body, *NESTED})


def _let_names(body: nodes.Body, summary: Summary) -> list[str]:
    """Names that the statements of *body* declare in its own block; *summary* knows of patterns."""
    found = []
    for statement in body.statements:
        if isinstance(statement, nodes.Export):
            statement = statement.declaration
        if statement.__class__ in _NAMED:
            found.append(statement.name)
        elif isinstance(statement, nodes.FunctionDecl):
            found.append(statement.function.name)
        if summary.has_patterns:
            found += _pattern_names(statement)
    return found


def _pattern_names(statement: nodes.Statement) -> Iterator[str]:
    """Names bound by patterns of matches in *statement*, outside inner bodies and functions."""
    for node in nodes.walk(statement, _BLOCKS):
        if isinstance(node, nodes.NamePattern | nodes.TypePattern):
            yield node.name
        elif isinstance(node, nodes.ArrayPattern | nodes.HashPattern) and node.rest:
            yield node.rest
