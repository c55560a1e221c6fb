"""Where `Machine.local` holds the request or connection that the running call belongs to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from soli_lang.machine.keys import MachineKey
from soli_lang.values.values import Value

if TYPE_CHECKING:
    from ..core.events import Events
    from .context import AuthenticationContext, RequestContext
    from .sessions import Session


class CurrentVisitor(Protocol):
    """Who is at the other end of a connection."""

    @property
    def path(self) -> str: ...

    @property
    def user(self) -> Value: ...

    @property
    def session(self) -> Session | None: ...


class CurrentConnection(Protocol):
    """A connection whose event is handled."""

    @property
    def id(self) -> str: ...

    @property
    def events(self) -> Events: ...

    @property
    def visitor(self) -> CurrentVisitor: ...


REQUEST: MachineKey[RequestContext | AuthenticationContext] = MachineKey("request")
CONNECTION: MachineKey[CurrentConnection] = MachineKey("connection")
