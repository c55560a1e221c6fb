"""What a route leads to in the program. Apart from `handlers`: a script needs no greenlets."""

from __future__ import annotations

from collections.abc import Callable

from soli_lang.base.source import Source
from soli_lang.values.values import Value

from ..core.events import PARTS
from .event_use import BODY_PARTS

Invoke = Callable[[Value], Value]


class Handler:
    """A function of the program that serves a route.

    `invoke` takes the event or request. `noted` remembers what was already warned about.
    """

    __slots__ = (
        "_around",
        "_plain",
        "body_parts",
        "event_parts",
        "function",
        "invoke",
        "name",
        "noted",
        "place",
        "place_of",
        "source",
    )

    def __init__(
        self,
        name: str,
        invoke: Invoke,
        *,
        place: str = "",
        place_of: Callable[[str | None], str] | None = None,
        function: Value = None,
        source: Source | None = None,
        event_parts: tuple[str, ...] = PARTS,
        body_parts: tuple[str, ...] = BODY_PARTS,
    ) -> None:
        self._plain = invoke
        self.name = name
        """`controller#action`, as the route names it."""
        self.invoke = invoke
        self.place = place
        """`file:line` of its definition."""
        self.place_of = place_of or (lambda key: place)
        """`file:line` of the return that has an action, or of one that is no Hash (None)."""
        self.function = function
        self.source = source
        self.event_parts = event_parts
        """The parts of a message event that it may see (`event_use`)."""
        self.body_parts = body_parts
        """The parts of a request that are decoded before it runs; others when it asks for them."""
        self.noted: set[tuple[str, str]] = set()
        self._around: Callable[[Invoke], Invoke] | None = None

    def surround(self, around: Callable[[Invoke], Invoke]) -> None:
        """Have calls go through what *around* makes of `invoke`, whatever that is later on."""
        self._around = around
        self.invoke = around(self._plain)

    def guard(self, around: Callable[[Invoke], Invoke]) -> None:
        """Have what *around* makes of the handler be the handler: also for who takes its place."""
        self.invoke = self._plain = around(self._plain)

    def measure(self, around: Callable[[Invoke], Invoke]) -> Callable[[], None]:
        """Have calls go through what *around* makes of `invoke`; call the result to end that."""
        plain = self.invoke
        self.invoke = around(plain)

        def end() -> None:
            self.invoke = plain

        return end

    def become(self, other: Handler) -> None:
        """Call what *other* calls from now on; connections that hold this one keep it."""
        self.place = other.place
        self.place_of = other.place_of
        self.function = other.function
        self._plain = plain = other._plain
        self.invoke = plain if self._around is None else self._around(plain)
        self.source = other.source
        self.event_parts = other.event_parts
        self.body_parts = other.body_parts
