"""What is true of one process is true of several: the page, presence, the examples.

Two workers behind one port, and three nodes on a real Redis, whose clients are spread over them.
One process is what tests/page, test_presence_clients.py and test_examples.py try themselves.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from itertools import count
from typing import Any

import pytest
from hypothesis import Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from ..support.constants import smaller
from ..support.live import ROOT, LiveServer, eventually
from ..support.redis_server import needs_redis
from ..support.spread import SERVED, Nodes, everywhere, nodes
from .page_behind import ONE_CLIENT, PATIENCE, all_of_the_page_is_true
from .presence_clients import Client, judging
from .test_presence_clients import APP, PresenceClients

pytest.importorskip("redis")
pytestmark = [
    needs_redis,
    pytest.mark.long,
    pytest.mark.skipif(sys.platform != "linux", reason="needs SO_REUSEPORT"),
]


@pytest.mark.timeout(PATIENCE + 60)
@pytest.mark.parametrize("kind", SERVED)
def test_the_samples_of_the_page_are_true(kind: str) -> None:
    """All tests of the page with several clients, each in the next process."""
    all_of_the_page_is_true(kind, ONE_CLIENT)


class SpreadClients(PresenceClients):
    """The same, with clients in several processes.

    What one of them does is known to another when that has read it. So each says a mark to the
    room behind what it did: who has heard all marks has been told of all that was before.
    """

    _marks = count(1)

    def everybody_catches_up(self) -> None:
        marks = {client.name: next(self._marks) for client in self.clients}
        for client in self.clients:
            client.do({"broadcast_room": {"mark": marks[client.name]}})
        for client in self.clients:
            client.hear_marks(set(marks.values()))

    def forget(self, client: Client) -> None:
        self.clients.remove(client)
        eventually(
            lambda: all(client.id not in ids for ids in everywhere(self.server, "/clients")),
            "still connected",
        )

    def truth(self) -> dict[str, Any]:
        """What all processes say, once they agree."""

        def agreed() -> list[Any] | None:
            first, *others = everywhere(self.server, f"/presence/{self.room}")
            return [first] if all(other == first for other in others) else None

        (listed,) = eventually(agreed, "the processes do not agree")
        return {entry["user_id"]: {"metas": entry["metas"]} for entry in listed}


@pytest.fixture(scope="module", params=SERVED)
def server(request: pytest.FixtureRequest) -> Iterator[LiveServer | Nodes]:
    flags = ("--message-rate", "0")
    with ExitStack() as stack:
        stack.enter_context(smaller(presence_resync_seconds=0.05))
        yield stack.enter_context(SERVED[request.param](APP, *flags))


@pytest.mark.timeout(300)
def test_presence_is_right_after_every_sequence(server: LiveServer | Nodes) -> None:
    """For the page's client, npm's phoenix and our own, also when they come back elsewhere."""
    with judging() as judge:
        run_state_machine_as_test(
            lambda: SpreadClients(server, judge),
            settings=settings(
                max_examples=8, stateful_step_count=25, phases=[Phase.explicit, Phase.generate]
            ),
        )


@pytest.mark.parametrize("example", ["echo", "chat", "poll"])
def test_the_specs_of_an_example_pass_in_one_node_of_three(example: str) -> None:
    """The app that `soli test` asks is the third; what its sockets do goes through the log."""
    app = ROOT / "examples" / example
    with nodes(app, "--broker-prefix", "specs", count=2) as others:
        broker = {"SOLI_BROKER": others.broker, "SOLI_BROKER_PREFIX": "specs"}
        result = subprocess.run(
            [sys.executable, "-m", "tests.support.specs_of_a_node", app],
            cwd=ROOT,
            env={**os.environ, **broker},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    assert result.returncode == 0, result.stdout + result.stderr
    assert result.stdout.rstrip().endswith("passed, 0 failed"), result.stdout + result.stderr
