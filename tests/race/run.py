"""`python -m tests.race.run --rounds N`: races for boards while a node is killed again and again.

What must be true of each board: no cell was given to two players, none that was said to be
somebody's is anybody else's in the end, and every connection and every node has the same board.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import json
import random
import sys
import time
from pathlib import Path
from typing import Any, NamedTuple
from urllib.request import urlopen

from ..jepsen.cluster import Nodes
from .players import Player

APP = Path(__file__).with_name("app.soli")
PLAYERS = 4
LEASE_SECONDS = 1.0
"""Of nodes: one that was killed is taken for dead after that."""
QUIET_SECONDS = 20.0
"""For everybody to have heard of everything."""
ROUND_SECONDS = 120.0
FIRST_KILL_SECONDS = 0.3
"""So that none is over before, however fast the machine is."""


class Told(NamedTuple):
    """What came of one board."""

    cells: int
    twice: int
    lost: int
    differ: int
    faults: list[str]
    seconds: float

    @property
    def is_well(self) -> bool:
        return not (self.twice or self.lost or self.differ or self.faults)


class Race:
    """Rounds on the same nodes."""

    def __init__(self, nodes: Nodes, seed: int, kill_seconds: float, cells: int = 300) -> None:
        self.nodes = nodes
        self._chance = random.Random(seed)
        self._kill_seconds = kill_seconds
        self._cells = cells
        self._boards = itertools.count(1)
        self._turn = itertools.count()
        self.kills = 0

    def _somewhere(self) -> str:
        """Players go to the nodes in turn, and past one that is not there."""
        names = self.nodes.names
        for _ in names:
            url = self.nodes.url(names[next(self._turn) % len(names)])
            if url:
                return url
        raise OSError("no node is there")

    async def round(self) -> Told:
        """One board, until every cell is taken and everybody knows."""
        started = time.monotonic()
        board = f"{next(self._boards)}-{started}"
        players = [
            Player(f"p{number}", board, self._cells, self._chance) for number in range(PLAYERS)
        ]
        tasks = [asyncio.create_task(player.play(self._somewhere)) for player in players]
        killing = asyncio.create_task(self._kill())
        try:
            async with asyncio.timeout(ROUND_SECONDS):
                while True:
                    if all(player.is_done for player in players):
                        break
                    await asyncio.sleep(0.02)
            killing.cancel()
            await asyncio.wait((killing,))
            boards = await self._quiet(board, players)
        finally:
            for task in (*tasks, killing):
                task.cancel()
            await asyncio.wait((*tasks, killing))
        return self._judge(players, boards, time.monotonic() - started)

    async def _kill(self) -> None:
        pause = min(FIRST_KILL_SECONDS, self._kill_seconds)
        while True:
            await asyncio.sleep(pause)
            pause = self._kill_seconds
            name = self._chance.choice(self.nodes.names)
            if self.nodes.url(name):
                self.nodes.kill(name)
                self.kills += 1
                self.nodes.launch(name)

    async def _quiet(self, board: str, players: list[Player]) -> list[Any]:
        """What the nodes have when everybody has the same, or after a while."""
        deadline = time.monotonic() + QUIET_SECONDS
        while True:
            boards = [await self._board(name, board) for name in self.nodes.names]
            known = [player.mirror.value for player in players]
            if all(one == boards[0] for one in (*boards, *known)):
                return boards
            if time.monotonic() > deadline:
                return boards
            await asyncio.sleep(0.1)

    async def _board(self, name: str, board: str) -> Any:
        await self.nodes.served[name].ready()
        url = self.nodes.url(name).replace("ws://", "http://").removesuffix("/ws")

        def ask() -> Any:
            with urlopen(f"{url}/board/{board}", timeout=20) as answer:
                return json.load(answer)["board"]

        return await asyncio.to_thread(ask)

    def _judge(self, players: list[Player], boards: list[Any], seconds: float) -> Told:
        board = boards[0]
        cells = board.get("cells", {})
        won = [(cell, player.name) for player in players for cell in player.won]
        owners: dict[str, set[str]] = {}
        for cell, name in won:
            owners.setdefault(cell, set()).add(name)
        faults = [fault for one in players for fault in (*one.faults, *one.mirror.faults)]
        if len(cells) != self._cells or board.get("count") != len(cells):
            faults.append(f"{len(cells)} cells are taken, {board.get('count')} were counted")
        known = [player.mirror.value for player in players]
        return Told(
            len(cells),
            sum(len(names) > 1 for names in owners.values()),
            sum(cells.get(cell) != name for cell, name in won),
            sum(one != board for one in (*boards, *known)),
            faults,
            seconds,
        )


async def run_on(race: Race, rounds: int) -> list[Told]:
    """What came of each round."""
    told: list[Told] = []
    nodes = race.nodes
    try:
        await nodes.start()
        for number in range(rounds):
            told.append(await race.round())
            print(number, *told[-1][:-2], f"{told[-1].seconds:.1f} s", *told[-1].faults[:3])
    finally:
        nodes.end()
    return told


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--kill-seconds", type=float, default=5.0)
    parser.add_argument("--sabotage", default="")
    given = parser.parse_args()
    nodes = Nodes(LEASE_SECONDS, sabotage=given.sabotage, app=APP)
    race = Race(nodes, given.seed, given.kill_seconds)
    told = asyncio.run(run_on(race, given.rounds))
    print(f"{len(told)} rounds, {race.kills} kills")
    sys.exit(not all(one.is_well for one in told))


if __name__ == "__main__":
    main()
