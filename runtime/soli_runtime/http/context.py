"""What belongs to one HTTP request while its action runs (`Machine.local["request"]`)."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any

from soli_lang.base.records import Record, field
from soli_lang.machine.machine import Machine
from soli_lang.values.values import Value

from .requests import RawRequest
from .responses import Response
from .sessions import Session
from .sse import BlockStream, TopicStream


class RequestContext(Record):
    """One request, and what its action has said about the answer so far."""

    raw: RawRequest
    request: dict[str, Any]
    """The Hash that the action gets; parts of the body are added by `request_with`."""
    session: Session | None = None
    find_user: Callable[[], Value] | None = None
    """Asks the app's `authenticate`; None when there is none."""
    rendered: Response | None = None
    """The answer of `render_json` and the like; the action's return counts when it is not null."""
    set_cookies: list[str] = field(default_factory=list)
    stream: BlockStream | TopicStream | None = None
    layout: Any = None
    _user: Value = None
    instance: Any = None
    """The controller object whose fields templates see."""

    def request_with(self, parts: Collection[str], machine: Machine) -> dict[str, Any]:
        """The request Hash, with those *parts* of the body decoded.

        The running call pays; raises LimitError when it cannot.
        """
        from .bodies.decoding import add_parts  # here: a script has no requests

        add_parts(self.request, self.raw, parts, machine)
        return self.request

    @property
    def user(self) -> Value:
        """What `authenticate` says, asked once."""
        find, self.find_user = self.find_user, None
        if find is not None:
            self._user = find()
        return self._user

    @property
    def origin(self) -> str:
        """`http://host` as the client sees it."""
        return f"{self.raw.scheme}://{self.raw.headers.get('host', 'localhost')}"


class AuthenticationContext:
    """What builtins see of a request whose user is not known yet."""

    __slots__ = (
        "instance",
        "layout",
        "origin",
        "raw",
        "rendered",
        "request",
        "session",
        "set_cookies",
        "stream",
        "user",
    )

    def __init__(self, raw: RawRequest, request: dict[str, Any], session: Session) -> None:
        self.raw = raw
        self.request = {"all": request["params"], **request}
        self.session = session
        self.user = None
        self.instance = self.layout = self.rendered = self.stream = None
        self.set_cookies: list[str] = []
        self.origin = ""

    def request_with(self, parts: Collection[str], machine: Machine) -> dict[str, Any]:
        """The request Hash; its body is not read before the gate is passed."""
        return self.request
