"""Emitters: what writes a kind of node as Python's syntax nodes, one for each kind.

    @emits(EMITTERS, nodes.If, at=(STMT, RET))
    def _if(writer: Writer, node: nodes.If, position: str) -> None: ...

An emitter says for which positions it writes, and is told which where these are several. For EXPR
and COND it gives an expression; for the others it appends statements to `writer.out`. `Writer`
makes the positions that an emitter leaves out of those that it has.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from ..tree import nodes

EXPR, COND, STMT, RET = "expr", "cond", "stmt", "ret"
"""The value is wanted; only whether it is true; nothing of it; or the function ends with it."""


class Emitter(NamedTuple):
    """What writes a kind of node, and for which positions."""

    write: Callable[..., Any]
    positions: tuple[str, ...]

    def __call__(self, writer: Any, node: Any, position: str) -> Any:
        if len(self.positions) == 1:
            return self.write(writer, node)
        return self.write(writer, node, position)


Emitters = dict[type, Emitter]


def emits(
    table: Emitters, *kinds: type[nodes.Node], at: tuple[str, ...] = (EXPR,)
) -> Callable[[Any], Any]:
    """Put the decorated function into *table* for these kinds of nodes."""

    def put(write: Any) -> Any:
        for kind in kinds:
            if kind in table:
                raise AssertionError(f"{kind.__name__} has two emitters")
            table[kind] = Emitter(write, at)
        return write

    return put


def joined(tables: Iterable[Emitters]) -> Emitters:
    """All *tables* in one. Raises AssertionError for a kind that is not written, or twice."""
    emitters: Emitters = {}
    for table in tables:
        twice = sorted(kind.__name__ for kind in table if kind in emitters)
        if twice:
            raise AssertionError(f"{twice[0]} has two emitters")
        emitters |= table
    for kind in vars(nodes).values():
        if isinstance(kind, type) and issubclass(kind, (nodes.Expr, nodes.Stmt)):
            _check(kind, emitters.get(kind))
    return emitters


def _check(kind: type[nodes.Node], emitter: Emitter | None) -> None:
    """The kind is written in a position that goes with what its row says."""
    row = kind.row
    if row.is_abstract:
        return
    if emitter is None:
        raise AssertionError(f"{kind.__name__} has no emitter in evaluator/writers")
    wanted = {EXPR, RET} if row.has_value else {STMT}
    if wanted.isdisjoint(emitter.positions):
        positions = " or ".join(one.upper() for one in sorted(wanted))
        raise AssertionError(f"{kind.__name__}: its emitter must write for {positions}")
