"""What all conversations of one app share."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from time import perf_counter
from typing import TYPE_CHECKING

from soli_stdlib.json.text import json_codec

from ...calling.calls import Calls
from ...core.hub import Hub
from ...routing.handler import Handler
from ..state import ServiceState
from .delivery import Delivery
from .visitors import Visitors

if TYPE_CHECKING:
    from ...observing.observation import Observation
    from .conversations import Conversation

    Classes = tuple[type[Conversation], type[Conversation]]
    """Of conversations, and of those whose clients speak Phoenix's arrays."""


class Live:
    """What all conversations of one app share."""

    __slots__ = (
        "_when_empty",
        "calls",
        "classes",
        "delivery",
        "encode_json",
        "hub",
        "max_presence_bytes",
        "now",
        "observation",
        "state",
        "stop_by",
        "visitors",
    )

    def __init__(
        self,
        hub: Hub,
        delivery: Delivery,
        visitors: Visitors,
        calls: Calls,
        state: ServiceState,
        classes: Classes,
    ) -> None:
        self.hub = hub
        self.delivery = delivery
        self.visitors = visitors
        self.state = state
        self.now = state.now
        self.max_presence_bytes = state.settings.constants.max_presence_bytes
        self.calls = calls
        self.encode_json = json_codec(calls.machine).encode
        self.classes = classes
        self.observation: Observation | None = None
        """Set while somebody watches; then conversations are of other classes (`watched`)."""
        self._when_empty: Callable[[], None] | None = None
        self.stop_by = float("inf")
        """On `perf_counter`'s scale: no disconnect handler begins after that."""

    def watch(self, observation: Observation | None, classes: Classes) -> None:
        """Have conversations of *classes*, which tell *observation*; None: nobody watches."""
        self.observation = observation
        self.classes = classes
        for conversation in self.conversations.values():
            conversation.__class__ = classes[conversation.speaks_arrays]

    def stop(self, seconds: float) -> None:
        """No disconnect handler begins when *seconds* are over."""
        self.stop_by = perf_counter() + seconds

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
        self.encode_json = json_codec(calls.machine).encode
        for conversation in self.conversations.values():
            if conversation.live is self:  # in a simulation there are further ones
                conversation.follow(handlers)

    @property
    def conversations(self) -> dict[str, Conversation]:
        """Those whose connections have a seat, by id; oldest first."""
        return {seat.connection_id: seat.conversation for seat in self.hub.seats.values()}

    def is_over(self) -> bool:
        """Whether a server that stops has no time left for further handlers."""
        return perf_counter() > self.stop_by
