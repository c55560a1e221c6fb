"""Where every variable lives (decisions 8 and 9), decided before anything is compiled.

A variable belongs to a block. Blocks whose variables outlive a loop turn (because a nested
function mentions them) get a frame of their own, made anew each turn; all others share the frame
of their function. Whether a nested function mentions a name is decided by name alone: that can
only err towards a frame too many.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from ..tree import nodes
from ..values.values import UNSET, Value

THIS = "this"
HIDDEN = "%this"
"""The receiver of a static method, which has no name (decision record 30)."""
CLASS = "%class"
"""The hidden variable of a class body that `super` starts from."""


class Variable:
    """A name in a block. `index` is a slot of the frame `home`, or of the file when it has none."""

    __slots__ = ("home", "index", "is_const", "name")

    def __init__(self, name: str, home: Block | None, index: int) -> None:
        self.name = name
        self.home = home
        self.index = index
        self.is_const = False


class FileScope:
    """The variables of one file: names, and the list that holds their values."""

    __slots__ = ("names", "slots")

    def __init__(self) -> None:
        self.names: dict[str, Variable] = {}
        self.slots: list[Value] = []

    def declare(self, name: str) -> Variable:
        """The file variable *name*, made when it is new."""
        variable = self.names.get(name)
        if variable is None:
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
    """A lexical block. `frame` is the block whose frame holds its variables (maybe itself)."""

    __slots__ = (
        "file",
        "frame",
        "function",
        "in_loop",
        "is_method",
        "names",
        "nested",
        "parent",
        "size",
    )

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
        self.function: Block = self if is_function or parent is None else parent.function
        self.in_loop = in_loop
        self.is_method = False
        """True for the root block of a method: its `this` is always there."""
        self.frame: Block = self if is_function or own_frame or parent is None else parent.frame
        self.size = 1
        """Slots of the frame, when this block has one; slot 0 is the frame around."""
        self.nested: frozenset[str] = frozenset() if parent is None else parent.nested
        """Names that functions inside this block's function mention."""

    @property
    def is_file(self) -> bool:
        return self.parent is None

    def declare(self, name: str) -> Variable:
        """A variable of this block (again: the same one)."""
        if self.is_file:
            return self.file.declare(name)
        variable = self.names.get(name)
        if variable is None:
            home = self.frame
            variable = self.names[name] = Variable(name, home, home.size)
            home.size += 1
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

    def hops(self, variable: Variable) -> int:
        """How many frames out from here the frame of *variable* is."""
        count, frame = 0, self.frame
        while frame is not variable.home:
            count += 1
            if frame.parent is None:
                raise AssertionError(f"variable {variable.name} is not in scope")
            frame = frame.parent.frame
        return count

    def visible_names(self) -> Iterator[str]:
        """All variable names that can be used here, inner ones first."""
        block: Block | None = self
        while block is not None:
            yield from (name for name in block.names if not name.startswith("%"))
            block = block.parent
        yield from self.file.names


# --- what a piece of program mentions ---


def children(node: nodes.Node) -> Iterator[Any]:
    """All nodes directly inside *node*."""
    for name in type(node).field_names[1:]:  # the first is the span
        yield from _nodes_in(getattr(node, name))


def _nodes_in(value: Any) -> Iterator[Any]:
    if isinstance(value, nodes.Node):
        yield value
    elif value.__class__ is tuple:
        for item in value:
            yield from _nodes_in(item)


def mentioned(node: Any, into: set[str]) -> None:
    """Collect every name that *node* reads, writes or hands to `defined`, at any depth."""
    pending = [node]
    while pending:
        node = pending.pop()
        if isinstance(node, nodes.Name):
            into.add(node.name)
        elif isinstance(node, nodes.Literal):
            if node.value.__class__ is str and node.value.isidentifier():
                into.add(node.value)  # may be the argument of `defined`
        elif isinstance(node, nodes.This | nodes.SuperCall | nodes.SuperMember):
            into.update((THIS, CLASS))
        elif isinstance(node, nodes.EnumPattern):
            into.add(node.enum)
        elif isinstance(node, nodes.ClassDecl):
            into.update(name for name in (node.superclass,) if name)
        elif isinstance(node, nodes.Mixin):
            into.update(node.names)
        pending.extend(children(node))


def mentions_this(node: Any) -> bool:
    """Whether a function's body needs `this` (its own or, through blocks, the one around)."""
    pending = [node]
    while pending:
        node = pending.pop()
        if isinstance(node, nodes.This | nodes.SuperCall | nodes.SuperMember):
            return True
        if isinstance(node, nodes.Name) and node.name in ("define_method", "alias_method"):
            return True
        if not isinstance(node, nodes.ClassDecl | nodes.EnumDecl):
            pending.extend(children(node))
    return False


def names_in_functions(body: Any) -> frozenset[str]:
    """Names mentioned by functions and classes nested anywhere inside *body*."""
    found: set[str] = set()
    pending = list(children(body))
    while pending:
        node = pending.pop()
        if isinstance(node, nodes.FunctionNode | nodes.ClassDecl | nodes.EnumDecl):
            mentioned(node, found)
        else:
            pending.extend(children(node))
    return frozenset(found)


# --- declaring ---


class Scopes:
    """The blocks of one file, by the node that opens them."""

    __slots__ = ("blocks", "file")

    def __init__(self, file: FileScope) -> None:
        self.file = file
        self.blocks: dict[int, Block] = {}

    def of(self, node: nodes.Node) -> Block:
        """The block that *node* opened when it was declared."""
        return self.blocks[id(node)]

    def open(
        self, node: nodes.Node, parent: Block, names: tuple[str | None, ...], *, in_loop: bool
    ) -> Block:
        """Open a block for *node*. It gets its own frame when a turn's variables can be kept."""
        declared = [name for name in (*names, *_let_names(node)) if name]
        own_frame = in_loop and any(name in parent.nested for name in declared)
        block = Block(parent, file=self.file, in_loop=in_loop, own_frame=own_frame)
        self.blocks[id(node)] = block
        for name in declared:
            block.declare(name)
        return block

    def declare_function(self, node: nodes.FunctionNode | nodes.Body, block: Block) -> None:
        """Declare all variables of the function (or file's body) whose root block is *block*.

        First what `let`, loops, handlers and patterns declare; then bare assignments, which
        need to know all of that (decision 8). Defaults of parameters are evaluated in it, too.
        """
        defaults: list[Any] = []
        body: Any = node
        if isinstance(node, nodes.FunctionNode):
            body = node.body
            defaults = [param.default for param in node.params if param.default is not None]
        block.nested = names_in_functions(body)
        for name in _let_names(body):
            block.declare(name)
        for name, at in self._walk([*children(body), *defaults], block):
            if at.find(name) is None:
                block.declare(name)

    def _walk(self, pieces: list[Any], block: Block) -> list[tuple[str, Block]]:
        """Open the blocks inside *pieces*; the bare assignments in them, with the block of each.

        Keeps its own stack: a long chain of operators must not use up Python's.
        """
        assigned: list[tuple[str, Block]] = []
        pending = [(piece, block) for piece in pieces]
        while pending:
            node, at = pending.pop()
            kind = node.__class__
            if kind is nodes.FunctionNode or kind is nodes.ClassDecl or kind is nodes.EnumDecl:
                continue  # scopes of their own, declared when they are compiled
            if kind in _ASSIGNING and node.target.__class__ is nodes.Name:
                assigned.append((node.target.name, at))
            inside = _OPENERS.get(kind, Scopes._open_nothing)(self, node, at)
            pending.extend(inside)
        return assigned

    def _open_nothing(self, node: Any, block: Block) -> list[tuple[Any, Block]]:
        return [(child, block) for child in children(node)]

    def _open_for(self, node: nodes.For, block: Block) -> list[tuple[Any, Block]]:
        inner = self.open(node, block, (node.variable, node.index), in_loop=True)
        return [(node.iterable, block), *self._open_body(node.body, inner, in_loop=True)]

    def _open_while(self, node: nodes.While, block: Block) -> list[tuple[Any, Block]]:
        return [(node.condition, block), *self._open_body(node.body, block, in_loop=True)]

    def _open_comprehension(self, node: Any, block: Block) -> list[tuple[Any, Block]]:
        inner = self.open(node, block, (node.variable,), in_loop=True)
        return [(child, block if child is node.iterable else inner) for child in children(node)]

    def _open_handler(self, node: nodes.Handler, block: Block) -> list[tuple[Any, Block]]:
        inner = self.open(node, block, (node.variable,), in_loop=block.in_loop)
        return self._open_body(node.body, inner, in_loop=block.in_loop)

    def _open_block(self, node: nodes.Body, block: Block) -> list[tuple[Any, Block]]:
        return self._open_body(node, block, in_loop=block.in_loop)

    def _open_body(
        self, body: nodes.Body, parent: Block, *, in_loop: bool
    ) -> list[tuple[Any, Block]]:
        inner = self.open(body, parent, (), in_loop=in_loop)
        return [(child, inner) for child in children(body)]


_ASSIGNING = frozenset({nodes.Assign, nodes.CompoundAssign, nodes.Increment})
_OPENERS: dict[type, Callable[[Scopes, Any, Block], list[tuple[Any, Block]]]] = {
    nodes.For: Scopes._open_for,
    nodes.While: Scopes._open_while,
    nodes.ArrayComprehension: Scopes._open_comprehension,
    nodes.HashComprehension: Scopes._open_comprehension,
    nodes.Handler: Scopes._open_handler,
    nodes.Body: Scopes._open_block,
}
"""Node class -> what opens its block and says what is to be walked in which block."""


_DECLARING = (nodes.Let, nodes.Const)


def _let_names(node: nodes.Node) -> Iterator[str]:
    """Names that the statements of a body declare in its own block."""
    if not isinstance(node, nodes.Body):
        return
    for statement in node.statements:
        if isinstance(statement, nodes.Export):
            statement = statement.declaration
        if isinstance(statement, nodes.Let | nodes.Const | nodes.ClassDecl | nodes.EnumDecl):
            yield statement.name
        elif isinstance(statement, nodes.FunctionDecl):
            yield statement.function.name
        yield from _pattern_names(statement)


def _pattern_names(node: Any) -> Iterator[str]:
    """Names bound by patterns of matches in *node*, outside inner bodies and functions."""
    pending = [node]
    while pending:
        node = pending.pop()
        if isinstance(node, nodes.NamePattern | nodes.TypePattern):
            yield node.name
        elif isinstance(node, nodes.ArrayPattern | nodes.HashPattern) and node.rest:
            yield node.rest
        for child in children(node):
            if not isinstance(
                child, nodes.Body | nodes.FunctionNode | nodes.ClassDecl | nodes.EnumDecl
            ):
                pending.append(child)
