"""Where every variable lives (docs/spec §4.6), decided before anything is compiled.

A variable belongs to a block. Blocks whose variables outlive a loop turn (because a nested
function mentions them) get a frame of their own, made anew each turn; all others share the frame
of their function. Whether a nested function mentions a name is decided by name alone: that can
only err towards a frame too many.
"""

from __future__ import annotations

import sys
from collections.abc import Container, Iterator, Sequence
from typing import Any, Final

from ..tree import nodes
from ..values.values import UNSET, Value
from .summaries import CLASS as CLASS
from .summaries import HIDDEN as HIDDEN
from .summaries import Summaries, Summary

THIS = "this"
END: Final = sys.maxsize
"""An offset behind every text."""


class Variable:
    """A name in a block, which *home* makes; one of a file has an *index* instead."""

    __slots__ = (
        "captured", "cell", "home", "index", "is_const", "is_natural", "kind", "literal", "name",
        "reads", "since", "sure", "unset", "writes",
    )  # fmt: skip

    def __init__(self, name: str, home: Block | None, index: int = 0) -> None:
        self.name = name
        self.home = home
        self.index = index
        self.is_const = False
        """Whether a `const` of its block declares it, wherever that stands and whether it ran."""
        self.literal: Value = None
        """The literal that the one declaration of a file's constant gives it."""
        self.since = 0
        """Offset in the text up to which the name means what it means around this block."""
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
        """The Python class of all its values where that is certain; a cell has none, nor has what
        may have no value when it is read."""
        self.is_natural = False
        """Whether all its values are Ints that are not negative."""

    def be_unset(self) -> None:
        """From now on code is written that asks first whether it has a value."""
        self.unset = True


class FileScope:
    """The variables of one file: names, and the list that holds their values."""

    __slots__ = ("builtins", "is_open", "names", "slots", "whole")

    def __init__(self, whole: FileScope | None = None) -> None:
        self.whole: FileScope = self if whole is None else whole
        """The file itself, where this is what one program knows of it."""
        self.names: dict[str, Variable] = {} if whole is None else dict(whole.names)
        self.slots: list[Value] = [] if whole is None else whole.slots
        self.builtins: Container[str] = () if whole is None else whole.builtins
        self.is_open: bool = whole is not None and whole.is_open
        """Whether programs to come may declare its names anew, as the inputs of a REPL do."""

    def declare(self, name: str) -> Variable:
        """The file variable *name*, made when it is new."""
        variable = self.names.get(name)
        if variable is None and self.whole is not self:
            variable = self.names[name] = self.whole.declare(name)
        elif variable is None:
            variable = self.names[name] = Variable(name, None, len(self.slots))
            self.slots.append(UNSET)
        return variable

    def constant(self, variable: Variable) -> Value:
        """The value of a constant that it has by now and always will have, None for any other."""
        literal = variable.literal
        if literal is None:
            return None
        held = self.slots[variable.index]
        return literal if held.__class__ is literal.__class__ and held == literal else None

    def get(self, name: str) -> Value:
        """The value of *name*, UNSET when it has none."""
        variable = self.names.get(name)
        return UNSET if variable is None else self.slots[variable.index]

    def set(self, name: str, value: Value) -> None:
        """Give *name* a value, as an import or a host does."""
        variable = self.declare(name)
        variable.literal = None
        self.slots[variable.index] = value


class Block:
    """A lexical block. `frame` is the block that makes its variables anew (maybe itself)."""

    __slots__ = (
        "declaration", "file", "frame", "function", "is_method", "is_repeated", "names", "nested",
        "parent",
    )  # fmt: skip

    def __init__(
        self,
        parent: Block | None,
        *,
        file: FileScope,
        is_function: bool = False,
        own_frame: bool = False,
    ) -> None:
        self.parent = parent
        self.file = file
        self.names: dict[str, Variable] = {}
        self.declaration: Any = None
        """The class, module or enum whose body this is."""
        self.function: Block = self if is_function or parent is None else parent.function
        self.is_method = False
        """True for the root block of a method: its `this` is always there."""
        self.is_repeated = False
        """Whether turns of a loop run it again."""
        self.frame: Block = self if is_function or own_frame or parent is None else parent.frame
        self.nested: set[str] = set() if parent is None else parent.nested
        """Names that functions inside this block's function mention."""

    def declare(self, name: str, since: int = 0) -> Variable:
        """A variable of this block (again: the same one); from offset *since* on."""
        if self.parent is None:
            return self.file.declare(name)
        variable = self.names.get(name)
        if variable is None:
            variable = self.declare_in(self.frame, name)
            variable.since = since
        return variable

    def declare_in(self, home: Block, name: str) -> Variable:
        """A variable of this block that *home* makes (even where that is a file)."""
        variable = self.names[name] = Variable(name, home)
        return variable

    def find(self, name: str, at: int = END) -> Variable | None:
        """What *name* means at offset *at*: the nearest variable, looking outwards to the file.

        Before its `let`, a variable is found only where the name means nothing else.
        """
        block: Block | None = self
        later: Variable | None = None
        while block is not None:
            variable = block.names.get(name)
            if variable is not None:
                if variable.since <= at:
                    return variable
                later = later or variable
            block = block.parent
        found = self.file.names.get(name)
        return later if found is None and name not in self.file.builtins else found

    def has_receiver(self) -> bool:
        """Whether `this` has a meaning here: not in static methods, whatever is around them."""
        block: Block | None = self
        while block is not None:
            if THIS in block.names or HIDDEN in block.names:
                return THIS in block.names
            block = block.parent
        return False

    def find_made(self, name: str, at: int) -> Variable | None:
        """As `find`, but nothing where only a later `let` of the same function has the name."""
        found = self.find(name, at)
        if found is None or found.home is None or found.since <= at:
            return found
        return None if found.home.function is self.function else found

    def visible_names(self) -> Iterator[str]:
        """All variable names that can be used here, inner ones first."""
        block: Block | None = self
        while block is not None:
            yield from (name for name in block.names if not name.startswith("%"))
            block = block.parent
        yield from self.file.names


# --- declaring ---


def declare_parameters(block: Block, params: Sequence[nodes.Param]) -> list[Variable]:
    """The variables of *params*; a default does not see its own parameter, nor those after it."""
    has_defaults = any(param.default is not None for param in params)
    return [block.declare(one.name, one.span.end if has_defaults else 0) for one in params]


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
        pending: _Pending = [(one, block, False) for one in body.statements]
        names = _let_names(body, summary)
        if isinstance(node, nodes.FunctionNode):
            defaults = [one.default for one in node.params if one.default is not None]
            pending += [(one, block, False) for one in defaults]
            names += [found for one in defaults for found in _pattern_names(one)]
        _declare_all(block, names, _constants(body))
        if block.parent is None and not self.file.is_open:
            _note_constants(body, names, self.file)
        for target, at in self._walk(pending, summary):
            if at.find_made(target.name, target.span.start) is None:
                block.declare(target.name).since = 0

    def _walk(self, pending: _Pending, summary: Summary) -> list[tuple[nodes.Name, Block]]:
        """Open the blocks inside; the targets of bare assignments there, with the block of each.

        Keeps its own stack: a long chain of operators must not use up Python's.
        """
        assigned: list[tuple[nodes.Name, Block]] = []
        while pending:
            node, at, in_loop = pending.pop()
            row = node.row
            if row.is_scope:  # which is declared when it is written
                continue
            if row.assigns:
                target = getattr(node, row.assigns)
                if target.__class__ is nodes.Name:
                    assigned.append((target, at))
            if row.is_block or row.binds:
                self._open_inside(node, at, pending, summary, in_loop=in_loop)
            elif row.loops:
                for field, part in nodes.parts(node):
                    pending.append((part, at, in_loop or field in row.loops))
            else:
                for part in nodes.children(node):
                    pending.append((part, at, in_loop))
        return assigned

    def _open_inside(
        self, node: Any, at: Block, pending: _Pending, summary: Summary, *, in_loop: bool
    ) -> None:
        """Open the block of *node*, which stands in *at*."""
        row = node.row
        if row.is_block:
            names = _let_names(node, summary)
        else:
            names = [(getattr(node, field), 0) for field in row.binds if getattr(node, field)]
            if summary.has_patterns:
                turns = [part for field, part in nodes.parts(node) if field in row.inside]
                names += [found for part in turns for found in _pattern_names(part)]
        inner = self._open(node, at, names, in_loop=in_loop or bool(row.loops))
        _declare_all(inner, names, _constants(node) if row.is_block else ())
        for field, part in nodes.parts(node):
            where = inner if row.is_block or field in row.inside else at
            pending.append((part, where, in_loop or field in row.loops))

    def _open(self, node: nodes.Node, parent: Block, names: _Names, *, in_loop: bool) -> Block:
        """Open a block for *node*. It gets its own frame when a turn's variables can be kept."""
        own_frame = in_loop and not parent.nested.isdisjoint([name for name, _ in names])
        block = Block(parent, file=self.file, own_frame=own_frame)
        block.is_repeated = in_loop
        self.blocks[id(node)] = block
        return block


def _declare_all(block: Block, names: _Names, constants: Container[str]) -> None:
    """Declare *names* in *block*. Those that a `const` declares are constants all over it: whether
    an assignment is one to a constant is a matter of the text, like what a name means."""
    for name, since in names:
        block.declare(name, since).is_const = name in constants


def _constants(body: nodes.Body) -> Container[str]:
    """The names that a `const` among the statements of *body* declares."""
    own = (one.declaration if isinstance(one, nodes.Export) else one for one in body.statements)
    return {one.name for one in own if isinstance(one, nodes.Const)}


_LITERALS = frozenset({int, float, str, bool})


def _note_constants(body: nodes.Body, names: list[tuple[str, int]], file: FileScope) -> None:
    """Constants of a file that are declared once, with a literal."""
    declared = [name for name, _ in names]
    for statement in body.statements:
        one = statement.declaration if isinstance(statement, nodes.Export) else statement
        if not isinstance(one, nodes.Const) or not isinstance(one.value, nodes.Literal):
            continue
        if declared.count(one.name) == 1 and one.value.value.__class__ in _LITERALS:
            file.declare(one.name).literal = one.value.value


_Pending = list[tuple[Any, Block, bool]]
"""Nodes, the block that each stands in, and whether it is run again in turns of a loop."""
_Names = Sequence[tuple[str, int]]
"""Names to declare, and the offsets from which on they are seen."""
_BLOCKS = nodes.kinds(lambda row: row.is_block or row.is_scope)


def _let_names(body: nodes.Body, summary: Summary) -> list[tuple[str, int]]:
    """Names that the statements of *body* declare in its own block, each with the offset where it
    begins to mean that; *summary* knows of patterns."""
    found: list[tuple[str, int]] = []
    for statement in body.statements:
        if isinstance(statement, nodes.Export):
            statement = statement.declaration
        if statement.row.declares:
            is_let = isinstance(statement, nodes.Let | nodes.Const)
            since = statement.span.end if is_let else 0
            found.append((getattr(statement, statement.row.declares), since))
        if summary.has_patterns:
            found += _pattern_names(statement)
    return found


def _pattern_names(part: nodes.Node) -> Iterator[tuple[str, int]]:
    """Names bound by patterns of matches in *part* (a statement, the default of a parameter),
    outside inner bodies, functions and turns, and where these begin."""
    pending = [part]
    while pending:
        node = pending.pop()
        row = node.row
        name = getattr(node, row.matches) if row.matches else None
        if name:
            yield name, node.span.start
        if row.binds:
            outside = [one for field, one in nodes.parts(node) if field not in row.inside]
            pending += reversed(outside)
        elif node.__class__ not in _BLOCKS:
            pending += reversed(nodes.children(node))
