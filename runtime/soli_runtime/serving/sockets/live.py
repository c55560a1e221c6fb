"""What all conversations of one app share, and who is at the other end of one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from time import perf_counter
from typing import TYPE_CHECKING, Any

from soli_lang.values.values import Value

from ...calling.calls import Calls
from ...core.hub import Hub
from ...core.payloads import EncodeJson
from ...observing.logs import Log
from ...observing.tally import Tally
from ...routing.handler import Handler
from ..holders import Holder, Holders
from .delivery import Delivery

if TYPE_CHECKING:
    from ...observing.observation import Observation
    from .conversations import Conversation


class Live:
    """What all conversations of one app share."""

    __slots__ = (
        "_when_empty",
        "calls",
        "conversation_classes",
        "delivery",
        "dev",
        "encode_json",
        "holders",
        "hub",
        "log",
        "max_presence_bytes",
        "now",
        "observation",
        "on_gone",
        "stop_by",
        "tally",
    )

    def __init__(
        self,
        *,
        hub: Hub,
        delivery: Delivery,
        calls: Calls,
        log: Log,
        now: Callable[[], float],
        encode_json: EncodeJson,
        max_presence_bytes: int,
        dev: bool = False,
        tally: Tally | None = None,
        on_gone: Callable[[Conversation], None] = lambda conversation: None,
        holders: Holders | None = None,
    ) -> None:
        self.hub = hub
        self.delivery = delivery
        self.calls = calls
        self.log = log
        self.now = now
        self.encode_json = encode_json
        self.max_presence_bytes = max_presence_bytes
        self.dev = dev
        self.tally = tally if tally is not None else Tally()
        self.on_gone = on_gone
        self.holders = holders
        self.conversation_classes: tuple[type[Conversation], ...] = ()
        """Of conversations, and of those whose clients speak Phoenix's arrays."""
        self.observation: Observation | None = None
        """Set while somebody watches; then conversations are of another class (`watched`)."""
        self._when_empty: Callable[[], None] | None = None
        self.stop_by = float("inf")
        """On `perf_counter`'s scale: no disconnect handler begins after that."""

    def tell_when_empty(self, told: Callable[[], None]) -> None:
        """Call *told* when the last conversation is forgotten: a server that stops waits."""
        self._when_empty = told

    def tell_if_empty(self) -> None:
        """A conversation was forgotten."""
        if not self.hub.seats and self._when_empty is not None:
            self._when_empty()

    def follow(self, calls: Calls, handlers: Mapping[str, Handler]) -> None:
        """Go on in a newly loaded program, with its *handlers* by name where it has them."""
        self.calls = calls
        for conversation in self.conversations.values():
            conversation.handler = handlers.get(conversation.handler.name, conversation.handler)

    @property
    def conversations(self) -> dict[str, Conversation]:
        """Those whose connections have a seat, by id; oldest first."""
        return {seat.connection_id: seat.conversation for seat in self.hub.seats.values()}

    def is_over(self) -> bool:
        """Whether a server that stops has no time left for further handlers."""
        return perf_counter() > self.stop_by


class Visitor:
    """Who is at the other end, as found out before the upgrade."""

    __slots__ = ("holder", "path", "remote_ip", "session", "user")

    def __init__(
        self,
        path: str,
        remote_ip: str = "",
        user: Value = None,
        session: Any = None,
        holder: Holder | None = None,
    ) -> None:
        self.holder = holder
        self.path = path
        self.remote_ip = remote_ip
        self.user = user
        self.session = session
