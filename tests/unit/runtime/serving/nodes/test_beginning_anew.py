"""What a node says when it begins anew."""

from __future__ import annotations

from soli_runtime.core.seats import Seats
from soli_runtime.serving.nodes.outbox import NOTHING, Outbox, Queued


def test_steps_that_an_account_tells_of_are_not_taken_again_behind_it() -> None:
    """Or somebody who is there would be seen to leave, and come back."""
    outbox = Outbox(Seats(), 1 << 20)
    waits = [
        ["u", "room", "c1"],
        ["m", "room"],
        ["t", "room", "c1"],
        ["a", [], [], []],
        ["d", "c1"],
    ]
    for head in waits:
        outbox.put(Queued(None, head, "text" if head[0] in "md" else None))

    outbox.begin(Queued(None, ["a", ["c1"], [], []], None))

    batch = outbox.next_batch()
    assert batch is not None
    assert [item.head for item in batch.items] == [
        ["a", ["c1"], [], []], NOTHING, ["m", "room"], NOTHING, NOTHING, ["d", "c1"],
    ]  # fmt: skip
