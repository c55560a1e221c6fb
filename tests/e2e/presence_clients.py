"""Clients of a live server whose view of presence is judged in Node."""

from __future__ import annotations

import json
import shutil
import socket
import struct
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from itertools import count
from pathlib import Path
from typing import Any

from ..support.live import LiveServer, receive_json

TESTS = Path(__file__).resolve().parent.parent
SNIPPET = TESTS / "page" / "samples" / "client_presence.js"
State = dict[str, Any]
"""User id -> {"metas": [...]}"""


class Judge:
    """The page's snippet, npm's `phoenix` and our client, one of each per client (tests/node)."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def _tell(self, line: dict[str, Any]) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(line) + "\n")
        self._process.stdin.flush()

    def receive(self, client: str, message: dict[str, Any]) -> None:
        self._tell({"client": client, "message": message})

    def states(self, client: str) -> tuple[State, State, State]:
        """What the page's snippet holds, what phoenix holds, and what clients/js holds."""
        self._tell({"client": client, "ask": True})
        assert self._process.stdout is not None
        answer = json.loads(self._process.stdout.readline())
        return answer["page"], answer["phoenix"], answer["soli"]

    def forget(self, client: str) -> None:
        self._tell({"client": client, "forget": True})


@contextmanager
def judging() -> Iterator[Judge]:
    """A judge for the length of a block."""
    node = shutil.which("node")
    assert node, "Node is not installed: run `make setup`"
    with subprocess.Popen(
        [node, "presence_judge.mjs", str(SNIPPET)],
        cwd=TESTS / "node",
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        yield Judge(process)
        assert process.stdin is not None
        process.stdin.close()
        assert process.wait(20) == 0


class Client:
    """One connection to a room of `apps/scripted.soli`."""

    _names = count(1)

    def __init__(
        self, server: LiveServer, judge: Judge, room: str, name: str | None = None
    ) -> None:
        self.name = f"client {next(self._names)}" if name is None else name
        """Under which the judge keeps what it holds; one that comes back has the same."""
        self.room = room
        self.user: str | None = None
        """As whom it is tracked."""
        self._judge = judge
        self._open = ExitStack()
        self._socket = self._open.enter_context(server.connect(f"/ws/{room}"))
        self._pings = count(1)
        self.id: str = self._receive_until("id")

    def do(self, actions: dict[str, Any]) -> None:
        self._socket.send(json.dumps(actions))

    def track(self, user: str, **metadata: Any) -> None:
        self.user = user
        self.do({"track": {"channel": self.room, "user_id": user, **metadata}})

    def catch_up(self) -> None:
        """Hand every message that the server has sent so far to the judge."""
        self.do({"send": {"pong": next(self._pings)}})
        self._receive_until("pong")

    def hear_marks(self, wanted: set[int]) -> None:
        """Hand every message to the judge until all of *wanted* were heard."""
        while wanted:
            wanted = wanted - {self._receive_until("mark")}

    def _receive_until(self, key: str) -> Any:
        """The value under *key* of the next message that is ours; the judge gets those before."""
        while True:
            message = receive_json(self._socket)
            if key in message:
                return message[key]
            self._judge.receive(self.name, message)

    def states(self) -> tuple[State, State, State]:
        return self._judge.states(self.name)

    def close(self, *, keeps: bool = False) -> None:
        """Go; with *keeps* a client of that name still holds what it held."""
        self._open.close()
        if not keeps:
            self._judge.forget(self.name)

    def abort(self, *, keeps: bool = False) -> None:
        """Go without a close frame and without a TCP goodbye: a reset."""
        linger = struct.pack("ii", 1, 0)
        self._socket.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        self._socket.socket.shutdown(socket.SHUT_RD)
        self._socket.socket.close()
        self.close(keeps=keeps)


def truth(server: LiveServer, room: str) -> State:
    """Who is there, by `ws_list_presence`."""
    return {
        entry["user_id"]: {"metas": entry["metas"]} for entry in server.get(f"/presence/{room}")
    }


def in_order(state: State) -> State:
    """*state* with metas in the order of tracking: phoenix keeps older ones first."""
    return {
        user: {"metas": sorted(entry["metas"], key=lambda meta: int(meta["phx_ref"]))}
        for user, entry in state.items()
    }
