"""Connections of a service as threads of the debugger."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from ..observing.traces import CONNECT, DISCONNECT, Trace
from ..serving.service import Service
from .program import DebuggedProgram


@contextmanager
def followed(program: DebuggedProgram, service: Service) -> Iterator[None]:
    """Meanwhile *program* has the connections of *service*."""
    seats = service.hub.seats

    def told(trace: Trace) -> None:
        if trace.kind == CONNECT and trace.connection_id in seats:
            program.came(seats[trace.connection_id].conversation)
        elif trace.kind == DISCONNECT:
            program.went(trace.connection_id)

    program.serve(lambda: [seat.conversation for seat in list(seats.values())])
    service.watch(told)
    try:
        yield
    finally:
        service.unwatch(told)
