"""Python's frames seen as frames of Soli functions, with variables by their Soli names."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from types import FrameType, TracebackType
from typing import Any

from ...base.source import NOWHERE, Source, Span
from ...evaluator.places import Places
from ...evaluator.scopes import THIS, Variable
from ...evaluator.watching import SITES, Site
from ...values.values import UNSET, Value

Running = tuple[FrameType, int]
"""A Python frame, and the line in it that is running."""
Place = tuple[Source | None, Span | None]


class Frame:
    """A Soli function that is running: where, and what its variables hold."""

    def __init__(self, site: Site | None, source: Source, span: Span, held: dict[str, Any]) -> None:
        self.site = site
        """The statement that is running; None: that is not known."""
        self.source = source
        self.span = span
        self.held = held
        """Python's variables."""

    @property
    def line(self) -> int:
        return self.source.position(self.span.start).line

    @property
    def column(self) -> int:
        return self.source.position(self.span.start).column

    def variables(self) -> dict[str, Variable]:
        """What can be seen of the function and those around it, by name; inner ones first."""
        found: dict[str, Variable] = {}
        site = self.site
        block = None if site is None else site.block
        while site is not None and block is not None:
            for name, variable in block.names.items():
                is_seen = variable.since <= site.span.start and not name.startswith("%")
                if is_seen and name not in found and self.value(variable) is not UNSET:
                    found[name] = variable
            block = block.parent
        return found

    def value(self, variable: Variable) -> Value:
        """What *variable*, of a function, holds; UNSET: nothing."""
        place = self.place(variable)
        if variable.name == THIS or not variable.cell or place is UNSET:
            return place
        return place[0] if place.__class__ is list else place

    def place(self, variable: Variable) -> Any:
        """The cell of *variable*; UNSET where it has none."""
        identifier = None if self.site is None else self.site.names.get(variable)
        return UNSET if identifier is None else self.held.get(identifier, UNSET)

    def globals(self) -> dict[str, Variable]:
        """The variables of the file, by name."""
        if self.site is None:
            return {}
        return dict(self.site.unit.scopes.file.names)

    def slots(self) -> list[Value]:
        """What holds them, by `Variable.index`."""
        return [] if self.site is None else self.site.unit.scopes.file.slots


def is_written(frame: FrameType) -> bool:
    """Whether *frame* is of a Python function that was made of a Soli function."""
    return isinstance(frame.f_globals.get("places"), Places)


def is_whole(frame: FrameType) -> bool:
    """Whether it is of a whole one, not of a part of it that was written apart."""
    return not frame.f_code.co_name.startswith("h")


def running(frame: FrameType | None) -> Iterator[Running]:
    """*frame* and those that called it."""
    while frame is not None:
        yield frame, frame.f_lineno
        frame = frame.f_back


def raised(traceback: TracebackType | None) -> list[Running]:
    """The frames that an error came through, innermost first."""
    found: list[Running] = []
    while traceback is not None:
        found.append((traceback.tb_frame, traceback.tb_lineno))
        traceback = traceback.tb_next
    found.reverse()
    return found


def depth_of(frame: FrameType | None) -> int:
    """How many Soli functions are running."""
    return sum(is_written(one) and is_whole(one) for one, _ in running(frame))


def frames_of(
    found: Iterable[Running], first: Site | None = None, failed: Place | None = None
) -> list[Frame]:
    """Frames of Soli functions, innermost first; *first* is the statement of that one, *failed*
    the place of the error that it raised."""
    frames: list[Frame] = []
    parts: list[Running] = []
    for frame, line in found:
        if not is_written(frame):
            continue
        parts.append((frame, line))
        if is_whole(frame):
            frames.append(_frame(parts, *((None, None) if frames else (first, failed))))
            parts = []
    return frames


def _frame(parts: list[Running], site: Site | None, failed: Place | None) -> Frame:
    """One Soli function; *parts* are its Python frames, innermost first."""
    held: dict[str, Any] = {}
    for frame, _ in reversed(parts):
        held.update(frame.f_locals)
    frame, line = parts[0]
    places: Places = frame.f_globals["places"]
    if failed is not None and failed[0] is places.source and failed[1] is not None:
        span = failed[1]  # `throw` has no place in the Python function
    else:
        span = places.span(line) or (NOWHERE if site is None else site.span)
    if site is None:
        site = _site_around(frame.f_globals.get(SITES, ()), span)
    else:
        span = site.span
    if span == NOWHERE and site is not None:
        span = site.span
    return Frame(site, places.source, span, held)


def _site_around(sites: Iterable[Site], span: Span) -> Site | None:
    """The innermost statement in which *span* is; failing that, the first."""
    sites = list(sites)
    around = [one for one in sites if one.span.start <= span.start < max(one.span.end, 1)]
    return max(around, key=lambda one: one.span.start, default=sites[0] if sites else None)
