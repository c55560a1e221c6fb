"""Which variable each name in a program text means, and where it is declared.

Blocks are those of `evaluator.scopes`, so what is found is what the evaluator does. Names are the
scanner's tokens: each has a place of its own, also where a node has none for it (loop variables,
patterns, what `catch` binds).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cached_property
from typing import Any, Final

from ..base.source import Span
from ..evaluator.scopes import (
    END,
    THIS,
    Block,
    FileScope,
    Scopes,
    Variable,
    declare_parameters,
)
from ..syntax.scanner.tokens import Token
from ..tree import nodes

_BINDING: Final = frozenset({"LET", "CONST"})
_DECLARING: Final = frozenset({"FN", "CLASS", "MODULE", "ENUM", "INTERFACE", "LET", "CONST"})


class Region:
    """A piece of text and the block whose names hold in it."""

    __slots__ = ("block", "node", "span")

    def __init__(self, span: Span, block: Block, node: nodes.Node | None) -> None:
        self.span = span
        self.block = block
        self.node = node


class Bindings:
    """The blocks of one program, and what its name tokens mean.

    *text* and *tokens* must be those that *program* was parsed from.
    """

    def __init__(self, program: nodes.Program, tokens: Sequence[Token]) -> None:
        self._text = program.source.text
        self._tokens = tokens
        self._scopes = Scopes(FileScope())
        root = Block(None, file=self._scopes.file)
        self.regions = [Region(Span(0, len(self._text) + 1), root, None)]
        self._params: set[int] = set()
        """Where the names of parameters stand."""
        self._not_variables: set[int] = set()
        """Where names stand that only look like variables: fields, methods, types."""
        self._types: set[int] = set()
        """Where types stand."""
        self._walk(program.body, root)
        self._sort()

    # --- building --------------------------------------------------------------------------------

    def _walk(self, body: nodes.Body, root: Block) -> None:
        self._scopes.declare_function(body, root)
        for statement in body.statements:
            if isinstance(statement, nodes.Import):
                for name in _imported(statement):
                    root.declare(name)
        pending: list[tuple[Any, Block]] = [(child, root) for child in nodes.children(body)]
        while pending:
            node, around = pending.pop()
            block = self._enter(node, around)
            self._note(node)
            for field, child in nodes.parts(node):
                sees = field in node.row.inside or not node.row.binds
                inside = block if sees else around
                if inside is not block:
                    self.regions.append(Region(child.span, inside, None))
                pending.append((child, inside))

    def _enter(self, node: Any, around: Block) -> Block:
        if node.row.is_scope:
            block = Block(around, file=self._scopes.file, is_function=True)
            block.declare(THIS)
            if isinstance(node, nodes.FunctionNode):
                self._parameters(node, block)
                self._scopes.declare_function(node, block)
            elif isinstance(node, nodes.ClassDecl):
                for member in node.members:
                    if isinstance(member, nodes.ClassDecl):
                        block.declare(member.name)
        elif id(node) in self._scopes.blocks:
            block = self._scopes.blocks[id(node)]
        else:
            return around
        self.regions.append(Region(node.span, block, node))
        return block

    def _parameters(self, node: nodes.FunctionNode, block: Block) -> None:
        declare_parameters(block, node.params)
        self._params.update(param.span.start for param in node.params)
        if not node.params:
            block.declare("it")

    def _note(self, node: Any) -> None:
        if isinstance(node, nodes.FieldDecl):
            self._not_variables.add(node.span.start)
        elif isinstance(node, nodes.TypeRef):
            self._not_variables.update(range(*node.span))
            self._types.update(range(*node.span))

    def _sort(self) -> None:
        """Outer regions first, so that the last one around a place is the innermost."""
        self.regions.sort(key=lambda one: (one.span.start, -one.span.end))

    # --- asking ----------------------------------------------------------------------------------

    def around(self, offset: int) -> Iterator[Region]:
        """The regions that *offset* stands in, the outermost first."""
        for region in self.regions:
            if region.span.start > offset:
                return
            if offset < region.span.end:
                yield region

    def block_at(self, offset: int) -> Block:
        """The innermost block around *offset*."""
        block = self.regions[0].block
        for region in self.around(offset):
            block = region.block
        return block

    def blocks_at(self, offsets: Iterable[int]) -> Iterator[tuple[int, Block]]:
        """(offset, the innermost block around it) for *offsets* in ascending order: one pass."""
        around: list[Region] = []
        regions = iter(self.regions)
        coming = next(regions, None)
        for offset in offsets:
            while coming is not None and coming.span.start <= offset:
                around.append(coming)
                coming = next(regions, None)
            while around[-1].span.end <= offset:
                around.pop()
            yield offset, around[-1].block

    def names_at(self, offset: int) -> list[str]:
        """The variables that can be used at *offset* or just behind it, each once."""
        found: dict[str, None] = {}
        for region in reversed(list(self.around(offset))):
            found.update(dict.fromkeys(region.block.names))
        found.update(dict.fromkeys(self._scopes.file.names))
        return [name for name in found if name != THIS and not name.startswith("%")]

    def variable(self, index: int) -> Variable | None:
        """What the token at *index* means, None when it is not the name of a variable."""
        return self._meant(index, self.block_at) if self._is_name(index) else None

    @cached_property
    def meanings(self) -> dict[int, Variable | None]:
        """All names of variables by the index of their token; None: of no variable of this file."""
        names = [index for index in range(len(self._tokens)) if self._is_name(index)]
        blocks = dict(self.blocks_at(self._tokens[index].start for index in names))
        return {index: self._meant(index, blocks.__getitem__) for index in names}

    def is_parameter(self, token: Token) -> bool:
        """Whether *token* is the name of a parameter, where it is declared."""
        return token.start in self._params

    def is_type(self, token: Token) -> bool:
        """Whether *token* stands in a type."""
        return token.start in self._types

    def type_names(self, name: str) -> list[tuple[Span, Variable | None]]:
        """Where a type is called *name*, and what that means there."""
        found = [one for one in self._tokens if one.value == name and one.start in self._types]
        return [(one.span, self.block_at(one.start).find(name, END)) for one in found]

    def _is_name(self, index: int) -> bool:
        """Whether the token may name a variable: it is no member, label, field, method or type."""
        token = self._tokens[index]
        if token.type != "NAME" or token.start in self._not_variables or self._is_label(index):
            return False
        before = self._tokens[index - 1].type if index else ""
        return before not in ("DOT", "SCOPE") and not (
            before in _DECLARING and before not in _BINDING and self._is_method(index)
        )

    def _meant(self, index: int, block_at: Callable[[int], Block]) -> Variable | None:
        token = self._tokens[index]
        before = self._tokens[index - 1].type if index else ""
        if before in _DECLARING and before not in _BINDING:
            return self._declared(token, index)
        at = END if before in _BINDING or token.start in self._params else token.start
        return block_at(token.start).find(token.value, at)

    def _declared(self, token: Token, index: int) -> Variable | None:
        """The name behind `def` or `class` belongs to the block around what it names."""
        return self._around_declaration(index).block.find(token.value)

    def _is_method(self, index: int) -> bool:
        node = self._around_declaration(index).node
        return isinstance(node, nodes.ClassDecl | nodes.EnumDecl)

    def _around_declaration(self, index: int) -> Region:
        start = self._tokens[index - 1].start
        regions = [one for one in self.around(start) if one.span.start < start]
        return regions[-1] if regions else self.regions[0]

    def _is_label(self, index: int) -> bool:
        """Whether a name is the key of a hash or a label: `{name: 1}`, `f(name: 1)`."""
        after = self._tokens[index + 1]
        if after.type != "COLON":
            return False
        if self._tokens[index + 2].type in ("COMMA", "RBRACE"):
            return False  # `{name:}` reads the variable, too
        before = self._tokens[index - 1].type if index else ""
        is_first = before in ("LBRACE", "LPAR", "COMMA")
        return is_first and self._tokens[index].start not in self._params

    def places(self, variable: Variable) -> list[Span]:
        """Where *variable* is named, in order."""
        found = self.meanings.items()
        return [self._tokens[index].span for index, one in found if one is variable]

    def declaration(self, variable: Variable) -> Span | None:
        """Where *variable* is declared, or first named."""
        first = None
        for index, one in self.meanings.items():
            if one is variable:
                if index and self._tokens[index - 1].type in _DECLARING:
                    return self._tokens[index].span
                first = first or self._tokens[index].span
        return first


def _imported(statement: nodes.Import) -> list[str]:
    names = [local for _, local in statement.items or ()]
    return [*names, *([statement.namespace] if statement.namespace else [])]
