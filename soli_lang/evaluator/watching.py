"""What is written into functions for a debugger: a look, before each statement, at whether to stop.

Nothing of it is written where nobody watches. Where somebody does, all variables are cells, so that
whoever stops finds each of them, may change it, and sees what functions around hold.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from ..base.errors import SoliError
from ..base.source import Source, Span
from ..machine.keys import MachineKey
from ..tree import nodes
from . import python as py
from .scopes import Block, Variable

if TYPE_CHECKING:
    from .unit import Unit
    from .writer import Writer


class WatchedFile(Protocol):
    """What somebody who watches keeps of one file."""

    stops: list[bool]
    """By line: whether the statements that begin there are looked at."""

    def know(self, body: nodes.Body) -> None:
        """*body* is what the file consists of; it is about to be written."""


class Watcher(Protocol):
    """Somebody who watches what programs do."""

    def file(self, source: Source) -> WatchedFile: ...
    def reached(self, site: Site) -> None:
        """A statement of a line that is looked at is about to run."""

    def failed(self, error: SoliError, leaves: bool) -> None:
        """*error* *leaves* a function, or may be caught in it."""


WATCHER: MachineKey[Watcher] = MachineKey("watcher")


class Site:
    """A statement, as the function that was written of it knows it."""

    __slots__ = ("block", "line", "names", "span", "unit")

    def __init__(
        self, unit: Unit, block: Block, names: dict[Variable, str], span: Span, line: int
    ) -> None:
        self.unit = unit
        self.block = block
        self.names = names
        """The identifiers of variables in the Python function."""
        self.span = span
        self.line = line


DECLARING = (nodes.Import, nodes.InterfaceDecl, nodes.FunctionDecl, nodes.ClassDecl, nodes.EnumDecl)
"""Statements at which nobody wants to stop: what they declare runs later."""


def is_stop(statement: Any) -> bool:
    """Whether one may stop before *statement*."""
    one = statement.declaration if statement.__class__ is nodes.Export else statement
    return not isinstance(one, DECLARING)


SITES, STOPS = "sites", "stops"
"""Names in the globals of written functions."""


def write_look(writer: Writer, watcher: Watcher, file: WatchedFile, statement: Any) -> None:
    """Append the look before *statement*."""
    if not is_stop(statement):
        return
    unit, span = writer.unit, statement.span
    line = unit.source.position(span.start).line
    site = Site(unit, writer.block, writer.names, span, line)
    writer.constants.setdefault(SITES, []).append(site)
    writer.constants[STOPS] = file.stops
    is_wanted = py.item(py.name(STOPS), py.constant(line))
    reached = py.call(writer.bind(watcher.reached), writer.fixed(site), at=writer.at(statement))
    writer.out.append(py.when(is_wanted, [py.run(reached)]))


def keeping(captured: list[str]) -> list[Any]:
    """What never runs, and has a Python function keep all that is *captured* for it."""
    names = py.Tuple([py.name(one) for one in captured], py.LOAD)
    return [py.when(py.constant(False), [py.run(names)])] if captured else []


def telling(writer: Writer, watcher: Watcher, body: list[Any]) -> list[Any]:
    """*body*, of which *watcher* is told when an error leaves it."""
    handler = [told(writer, watcher, leaves=True), py.Raise(None, None)]
    return [py.attempt(body or [py.Pass()], "SoliError", "e", handler)]


def told(writer: Writer, watcher: Watcher, *, leaves: bool) -> Any:
    """Tell *watcher* of the error `e`."""
    return py.run(py.call(writer.bind(watcher.failed), py.name("e"), py.constant(leaves)))
