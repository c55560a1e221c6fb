"""What belongs to one HTTP request while its action runs (`Machine.local["request"]`)."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import TYPE_CHECKING, Any

from soli_lang.base.records import Record, field
from soli_lang.machine.machine import Machine
from soli_lang.values.values import Value

from .requests import RawRequest
from .responses import Response
from .sessions import Session
from .sse import BlockStream, TopicStream

if TYPE_CHECKING:
    from .guards.identity import Verdict


class Admitted(Record, frozen=True):
    """The gate lets in: a user, or with null a stranger."""

    user: Value


class Asked:
    """A request whose sender is asked for when somebody wants to know, and once."""

    __slots__ = ("find_user", "verdict")

    find_user: Callable[[], Verdict] | None
    """Asks the gate; None when there is none, or while it is asked."""
    verdict: Verdict | None

    def ask(self) -> Verdict | None:
        """What the gate says; None where there is none. Raises what it raises."""
        find, self.find_user = self.find_user, None
        if find is not None:
            try:
                self.verdict = find()
            except BaseException:
                self.find_user = find  # it said nothing: whoever asks again, hears it again
                raise
        return self.verdict

    @property
    def user(self) -> Value:
        """Who the gate says it is: null for a stranger, and for whom it refuses."""
        verdict = self.ask()
        return verdict.user if isinstance(verdict, Admitted) else None


class RequestContext(Asked, Record):
    """One request, and what its action has said about the answer so far."""

    raw: RawRequest
    request: dict[str, Any]
    """The Hash that the action gets; parts of the body are added by `request_with`."""
    session_of: Callable[[RawRequest], Session] | None = None
    """Makes the `session` when somebody asks for it."""
    used_session: Session | None = None
    """The session, if somebody asked for it."""
    find_user: Callable[[], Verdict] | None = None
    verdict: Verdict | None = None
    rendered: Response | None = None
    """The answer of `render_json` and the like; the action's return counts when it is not null."""
    set_cookies: list[str] = field(default_factory=list)
    stream: BlockStream | TopicStream | None = None
    layout: Any = None
    instance: Any = None
    """The controller object whose fields templates see."""
    stage: str | None = None
    """What runs before the action: a middleware's name, or `authenticate`."""

    def request_with(self, parts: Collection[str], machine: Machine) -> dict[str, Any]:
        """The request Hash, with those *parts* of the body decoded.

        The running call pays; raises LimitError when it cannot.
        """
        if parts:
            from .bodies.decoding import add_parts  # here: a script has no requests

            add_parts(self.request, self.raw, parts, machine)
        return self.request

    @property
    def session(self) -> Session | None:
        """The visitor's session; None where there is none."""
        if self.used_session is None and self.session_of is not None:
            self.used_session = self.session_of(self.raw)
        return self.used_session

    @property
    def origin(self) -> str:
        """`http://host` as the client sees it."""
        return f"{self.raw.scheme}://{self.raw.headers.get('host', 'localhost')}"


class AuthenticationContext(Asked):
    """What builtins see of a request before the upgrade that it asks for."""

    __slots__ = (
        "instance",
        "layout",
        "origin",
        "raw",
        "rendered",
        "request",
        "session",
        "set_cookies",
        "stage",
        "stream",
    )

    def __init__(self, raw: RawRequest, request: dict[str, Any], session: Session) -> None:
        self.raw = raw
        self.request = {"all": request["params"], **request}
        self.session = session
        self.find_user = None
        self.verdict = None
        self.stage: str | None = None
        self.instance = self.layout = None
        self.rendered: Response | None = None
        self.stream: BlockStream | TopicStream | None = None
        self.set_cookies: list[str] = []
        self.origin = ""

    def request_with(self, parts: Collection[str], machine: Machine) -> dict[str, Any]:
        """The request Hash; its body is not read before the gate is passed."""
        return self.request
