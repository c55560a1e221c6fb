"""Nodes that are broken on purpose: `python -m tests.jepsen.sabotage BREAKAGE run APP ...`.

Replaces parts of the product in this process, then runs the command `soli`. Nothing in the product
knows of it.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from typing import Any

from soli_runtime import cli
from soli_runtime.cluster import traffic
from soli_runtime.cluster.lifecycle import Lifecycle
from soli_runtime.cluster.log import script
from soli_runtime.cluster.log_broker import LogBroker
from soli_runtime.core.effects import Effect
from soli_runtime.core.history.rings import History, Kept
from soli_runtime.core.operations.arrivals import TIMELESS
from soli_runtime.core.operations.records import Message
from soli_runtime.stores.redis.room_states import RedisStates


def answers_lost() -> None:
    """Every fourth answer to a batch is lost with its connection. This is to be survived."""
    counts = [0]
    take_answer = traffic.Traffic._take_answer

    def take(self: traffic.Traffic, answer: Any) -> None:
        counts[0] += 1
        if counts[0] % 4 == 0:
            raise ConnectionError("the answer is lost")
        take_answer(self, answer)

    traffic.Traffic._take_answer = take  # type: ignore[method-assign]


def local_first() -> None:
    """Members of the own process hear a message at once."""
    publish, arrived = LogBroker.publish, LogBroker._apply

    def publish_here(
        self: LogBroker, room: str, payload: Any, actor: Any = None, options: Any = None
    ) -> list[Effect]:
        publish(self, room, payload, actor, options)
        return self._arrivals.message(Message(room, payload), TIMELESS)

    def apply_from_others(self: LogBroker, origin: str, operation: Any) -> list[Effect]:
        if isinstance(operation, Message) and origin == self.node:
            return []
        return arrived(self, origin, operation)

    LogBroker.publish = publish_here  # type: ignore[method-assign]
    LogBroker._apply = apply_from_others  # type: ignore[method-assign]


def no_barrier() -> None:
    """Answers do not wait for what their handler did before."""
    LogBroker._is_in_order = lambda self, *ids: True  # type: ignore[method-assign]


def no_dedupe() -> None:
    """A batch that is sent again stands in the log again."""
    answers_lost()
    text = script()
    seen = "if number <= before then return 'OK' end"
    assert seen in text
    replaced = text.replace(seen, "if number <= before then before = number - 1 end")
    traffic.script = lambda: replaced


def no_doubt() -> None:
    """Who begins anew takes for gone at once whoever gave no account yet."""
    begin = Lifecycle.begin

    def begin_and_end(self: Lifecycle, node: str) -> None:
        begin(self, node)
        self.end_unaccounted()

    Lifecycle.begin = begin_and_end  # type: ignore[method-assign]


def ghosts() -> None:
    """Nobody is told of the end of a node."""
    Lifecycle._ended = lambda self, origin, operation: []  # type: ignore[method-assign]


def claims() -> None:
    """Who comes back is told that it has everything, and the first that it missed is left out."""
    since = History.since_place

    def all_there(self: History, room: str, seen: int | None) -> list[Kept]:
        return (since(self, room, seen) or [])[1:]

    History.since_place = all_there  # type: ignore[method-assign]


def no_versions() -> None:
    """The state of rooms is changed whatever it is at."""
    commit = RedisStates.commit

    async def commit_anyway(self: RedisStates, *given: Any, **more: Any) -> Any:
        return await commit(self, *given, **{**more, "is_checked": False})

    RedisStates.commit = commit_anyway  # type: ignore[method-assign]


BREAKAGES: dict[str, Callable[[], None]] = {
    breakage.__name__: breakage
    for breakage in (
        *(answers_lost, local_first, no_barrier, no_dedupe, no_doubt, ghosts, claims),
        no_versions,
    )
}


def main(arguments: Sequence[str]) -> int:
    name, *rest = arguments
    BREAKAGES[name]()
    return cli.main(rest)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
