"""What a node says when it begins anew."""

from __future__ import annotations

from soli_runtime.cluster.operations import NOTHING, Account
from soli_runtime.core.operations.records import (
    DECLARATIONS,
    Connected,
    Disconnected,
    Joined,
    Left,
    Message,
    MessageToOne,
    Operation,
    Revised,
    Tracked,
    Untracked,
)

from ....support.memory_log import BrokerBench


def test_steps_that_an_account_tells_of_are_not_taken_again_behind_it() -> None:
    """Or somebody who is there would be seen to leave, and come back."""
    bench = BrokerBench()
    outbox = bench.broker.outbox
    waits: list[Operation] = [
        Untracked("room", "c1"),
        Message("room", "text"),
        Tracked("room", "c1", "ada", "1", ""),
        Account([], [], []),
        MessageToOne("c1", "text"),
    ]
    for operation in waits:
        outbox.put(operation)

    bench.broker.lifecycle.begin("n2")

    batch = outbox.next_batch()
    assert batch is not None
    assert [item.operation for item in batch.items] == [
        Account([], [], [], [], []), NOTHING, waits[1], NOTHING, NOTHING, waits[4],
    ]  # fmt: skip


def test_an_account_tells_of_connections_members_and_trackings() -> None:
    """All that changes these is declared to be told by it."""
    told = {record for record, declared in DECLARATIONS.items() if declared.is_in_account}
    changes = {Connected, Disconnected, Joined, Left, Tracked, Revised, Untracked}
    assert told == changes | {Account}
