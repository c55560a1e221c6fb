"""Takes the steps of a plan with real processes, and writes down what clients see.

`python -m tests.jepsen.run --seed 1 --rounds 100` says what breaks a guarantee; it ends with 1 if
anything does. The same seed makes the same steps; what comes of them also depends on time.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import signal
import sys
import time
from collections import deque
from collections.abc import Callable
from copy import deepcopy
from typing import Any

import websockets

from .clients import Client, Recorder
from .cluster import Nodes, Workers
from .history import ANY, History, Quiet, Tick, Window
from .judge import judge
from .plan import FAULTS_OF_WORKERS, KEPT, LOSES, ROOMS, STATES, Fault, Round, Step, plan

LEASE_SECONDS = 2.0
CLIENTS = 10
SLACK_SECONDS = 20.0
"""What a busy machine may be late, at most."""
MARK_SECONDS = 3.0


class Run:
    """One run over one cluster."""

    def __init__(
        self, cluster: Nodes | Workers, clients: int = CLIENTS, slack: float = SLACK_SECONDS
    ) -> None:
        self.cluster = cluster
        self._slack = slack
        self.recorder = Recorder()
        self.history = self.recorder.history
        watchers = [Client(f"watcher-{room}", room, self.recorder) for room in ROOMS]
        others = [
            Client(f"c{at}", ROOMS[at % 2], self.recorder, resumes=at % 2 == 0 and at != 8)
            for at in range(clients)
        ]
        self.watchers = watchers
        """Who are never disturbed themselves: they stay on the first node."""
        self.clients = watchers + others
        self.others = others
        for client in self.clients:
            client.on_end = self._lost
        self._returns: set[asyncio.Task[None]] = set()
        self._down: set[str] = set()
        self._renewing: set[str] = set()
        """Workers that will be replaced, whoever comes to them."""
        self._began: list[tuple[str | None, Tick, str]] = []
        """Faults that may lose messages, until all is well again."""
        self._is_restarted = False
        self._past: deque[tuple[float, Tick]] = deque(maxlen=60)
        """The ticks of some seconds."""
        self._snapshot: Any = None
        self._held: list[Quiet] = []
        self.history.kept = set(KEPT)
        self.steps = 0

    async def run(self, rounds: list[Round]) -> History:
        """All of *rounds*; the history."""
        for at, client in enumerate(self.clients):
            await self._enter(client, 0 if client in self.watchers else at)
        await self._settle()
        feeling = asyncio.create_task(self._feel_the_machine())
        for one in rounds:
            if isinstance(self.cluster, Nodes):
                self._snapshot = self.cluster.copy_data()
            faults = asyncio.create_task(self._do_faults(one.faults))
            await self._take_steps(one.steps)
            while not faults.done():
                await self._take_steps(one.steps)
            await faults
            await self._settle()
        feeling.cancel()
        await self._finish()
        return self.history

    async def _feel_the_machine(self) -> None:
        """What stands still for so long that a lease may end is a fault, too."""
        while True:
            tick, began = self.recorder.tick(), time.monotonic()
            self._past.append((began, tick))
            await asyncio.sleep(0.05)
            if time.monotonic() - began > self.cluster.lease / 4:
                self._began.append((ANY, tick, "the machine stood still"))

    async def _finish(self) -> None:
        """Ask for the past, and write down who was there to the end."""
        for client in self.clients:
            if client.room in KEPT and client.is_open:
                await client.ask_past()
        await _until(self._is_answered, MARK_SECONDS)
        self._forget_what_redis_forgot()
        self.history.open = {client.connection for client in self.clients if client.is_open}
        for client in self.clients:
            await client.close()
        for span in self.history.spans:
            if span.connection in self.history.open and not span.has_left:
                span.ended = None  # it was there until all was over
        for tracking in self.history.trackings:
            tracking.ended = tracking.ended or self.recorder.tick()

    def _forget_what_redis_forgot(self) -> None:
        """Of a history that went back in time only what was said later is without a gap."""
        ends = [one.ended for one in self.history.windows if one.node in (None, ANY)]
        for span in self.history.spans:
            if span.connection.startswith("history"):
                said = self.history.said
                span.heard = [
                    one for one in span.heard if said[one.message].sent > max(ends, default=0)
                ]

    # Coming and going

    async def _enter(self, client: Client, at: int) -> None:
        """Connect to a node, the next one if that is not there."""
        deadline = time.monotonic() + 4 * self.cluster.lease + SLACK_SECONDS
        while True:
            name = self.cluster.names[at % len(self.cluster.names)]
            try:
                await client.open(
                    self.cluster.url(name), lambda pid, name=name: self.cluster.node_of(name, pid)
                )
                break
            except (OSError, TimeoutError, websockets.WebSocketException, ValueError) as error:
                if time.monotonic() > deadline:
                    raise AssertionError(f"{client.name} cannot connect") from error
                await asyncio.sleep(0.05)
                at += client not in self.watchers
        client.is_doomed = client.node in self._renewing
        await client.join()
        await client.track()

    def _lost(self, client: Client) -> None:
        self._return(client, hash(client.name) % 7)

    def _return(self, client: Client, at: int) -> None:
        """After a while, in which others say something."""

        async def enter() -> None:
            await asyncio.sleep(0.02 * (at % 10))
            await self._enter(client, at)

        task = asyncio.create_task(enter())
        self._returns.add(task)
        task.add_done_callback(self._returns.discard)

    # Steps

    async def _take_steps(self, steps: tuple[Step, ...]) -> None:
        for step in steps:
            client = self.others[step.client % len(self.others)]
            self.steps += 1
            if client.is_open:
                await self._take(step, client)
            await asyncio.sleep(step.pause)

    async def _take(self, step: Step, client: Client) -> None:
        match step.kind:
            case "say" | "tell":
                await client.say(step.room, step.kind)
            case "burst":
                for number in range(step.number % 20):
                    await client.say(ROOMS[number % 2])
            case "leave":
                await client.leave()
            case "join":
                await client.join()
            case "track":
                await client.track()
            case "untrack":
                await client.untrack()
            case "state":
                await client.set_state(STATES[step.number % 3])
            case "close" | "abort":
                await client.close(politely=step.kind == "close")
                self._return(client, step.number)
            case _:
                await client.ask_all(lambda answer: None)

    # Faults

    async def _do_faults(self, faults: tuple[Fault, ...]) -> None:
        for fault in faults:
            await asyncio.sleep(fault.after)
            lease = self.cluster.lease
            short = lease * (0.05 + 0.25 * fault.share)
            long = lease * (1.2 + 0.5 * fault.share)
            await self._faults[fault.kind](self, fault, long if "long" in fault.kind else short)

    def _victim(self, fault: Fault) -> str | None:
        """A process that is not the first, which has the watchers."""
        if isinstance(self.cluster, Nodes):
            names = [name for name in self.cluster.names[1:] if name not in self._down]
        else:
            watched = {client.node for client in self.watchers}
            names = [name for name in self.cluster.workers() if name not in watched]
        return names[fault.node % len(names)] if names else None

    def _loses(self, node: str | None, why: str) -> None:
        """From a second ago: what others heard may not have come to all nodes."""
        ticks = [tick for at, tick in self._past if at > time.monotonic() - 1]
        self._began.append((node, min(ticks, default=self.recorder.tick()), why))

    async def _nothing(self, fault: Fault, seconds: float) -> None:
        pass

    async def _kill(self, fault: Fault, seconds: float) -> None:
        name = self._victim(fault)
        if name is None:
            return
        self._doom(name)
        self.cluster.kill(name)
        if isinstance(self.cluster, Nodes):
            self._down.add(name)
            await asyncio.sleep(seconds)
            self.cluster.launch(name)
            await self.cluster.served[name].ready()
            self._down.discard(name)

    def _doom(self, name: str) -> None:
        for client in self.clients:
            if client.is_open and client.node == name:
                client.doom()

    async def _freeze(self, fault: Fault, seconds: float) -> None:
        name = self._victim(fault)
        if name is None:
            return
        if fault.kind in LOSES:
            self._loses(name, fault.kind)
        self.cluster.signal(name, signal.SIGSTOP)
        await asyncio.sleep(seconds)
        self.cluster.signal(name, signal.SIGCONT)

    async def _stop_redis(self, fault: Fault, seconds: float) -> None:
        self.cluster.signal_redis(signal.SIGSTOP)
        await asyncio.sleep(seconds)
        self.cluster.signal_redis(signal.SIGCONT)

    async def _cut(self, fault: Fault, seconds: float) -> None:
        for _ in range(3 + fault.node % 8):
            self.cluster.cut_clients()
            await asyncio.sleep(seconds / 8)

    async def _cut_off(self, fault: Fault, seconds: float) -> None:
        assert isinstance(self.cluster, Nodes)
        name = self._victim(fault)
        if name is None:
            return
        if fault.kind in LOSES:
            self._loses(name, fault.kind)
        self.cluster.cut_off(name)
        await asyncio.sleep(seconds)
        self.cluster.let_in(name)

    async def _restart(self, fault: Fault, seconds: float) -> None:
        assert isinstance(self.cluster, Nodes)
        keeps = fault.kind == "restart"
        self._is_restarted = True
        if not keeps:
            self._loses(None, fault.kind)
        data = self._snapshot if fault.kind == "restart older" else None
        await self.cluster.restart_redis(data=data, keeps=keeps)

    async def _kill_redis(self, fault: Fault, seconds: float) -> None:
        self._loses(None, fault.kind)
        self._is_restarted = True
        self.cluster.signal_redis(signal.SIGKILL)
        await asyncio.sleep(seconds)

    async def _renew(self, fault: Fault, seconds: float) -> None:
        """All workers are replaced, those that begin meanwhile included.

        Asked again only when the parent says that it stopped: what it is asked before that it
        ignores, and after that it does from the beginning, to workers that are new already.
        """
        assert isinstance(self.cluster, Workers)
        before = set(self.cluster.workers())
        deadline, renewals = time.monotonic() + 120, self.cluster.renewals()
        while before & set(self.cluster.workers()):
            assert time.monotonic() < deadline, "workers are not renewed"
            if not self._renewing or self.cluster.renewals() > renewals:
                renewals = self.cluster.renewals()
                self._renewing |= set(self.cluster.workers())
                for client in self.clients:
                    client.doom()
                self.cluster.parent.signal(signal.SIGHUP)
            await asyncio.sleep(0.05)
        while self.cluster.renewals() == renewals:
            assert time.monotonic() < deadline, "the renewal does not end"
            await asyncio.sleep(0.05)
        self._renewing = set()

    _faults: dict[str, Callable[[Run, Fault, float], Any]] = {  # noqa: RUF012 - never changed
        "nothing": _nothing,
        "kill": _kill,
        "freeze": _freeze,
        "freeze long": _freeze,
        "stop redis": _stop_redis,
        "stop redis long": _stop_redis,
        "cut": _cut,
        "cut off": _cut_off,
        "cut off long": _cut_off,
        "restart": _restart,
        "restart empty": _restart,
        "restart older": _restart,
        "kill redis": _kill_redis,
        "renew": _renew,
    }

    # All is well again

    async def _settle(self) -> None:
        """Wait until everybody is back and hears everybody; then see what they hold."""
        deadline = time.monotonic() + 4 * self.cluster.lease / 3 + self._slack
        while self._returns:
            await asyncio.gather(*self._returns)
        await _until(self._is_answered, 1 if self._began else MARK_SECONDS)
        for node, _, _ in self._began:
            for client in self.clients:
                if node in (None, ANY, client.node):
                    client.wait_no_longer()
        while not await self._mark():
            if time.monotonic() > deadline:
                break  # the judge will say what is missing
        self._end_windows()
        await self._mark()
        while not await self._look(deadline):
            if time.monotonic() > deadline:
                break
            await asyncio.sleep(0.05)
        self.history.quiets += self._held

    def _end_windows(self) -> None:
        now = self.recorder.tick()
        # With a Redis that was started again nobody can tell what a frozen node missed.
        catches_up = not self._is_restarted
        self.history.windows += [
            Window(at, now, node, why, catches_up) for node, at, why in self._began
        ]
        self._began = []
        self._is_restarted = False

    def _is_answered(self) -> bool:
        return not any(client.is_open and client.is_waiting for client in self.clients)

    async def _mark(self) -> bool:
        """Everybody says something to both rooms; whether all members heard all of it."""
        present = [client for client in self.clients if client.is_open]
        if not await _until(
            lambda: not any(one.is_open and one.is_waiting for one in present), MARK_SECONDS
        ):
            return False
        marks = {room: [await client.say(room) for client in present] for room in ROOMS}

        def heard() -> bool:
            return (
                all(
                    not client.is_open
                    or client.span is None
                    or client.span.ended is not None
                    or set(marks[client.room]) <= {message for message, _ in client.span.heard}
                    for client in present
                )
                and self._is_answered()
            )

        return await _until(heard, MARK_SECONDS)

    async def _look(self, deadline: float) -> bool:
        """Whether all is true that everybody holds, which is `_held` then."""
        answers: dict[str, dict[str, Any]] = {}
        present = [client for client in self.clients if client.is_open]
        for client in present:
            await client.ask_all(lambda answer, name=client.name: answers.__setitem__(name, answer))
        await _until(lambda: len(answers) == len(present), max(0.5, deadline - time.monotonic()))
        users: dict[str, set[str]] = {room: set() for room in ROOMS}
        for client in present:
            if client.tracking is not None and client.tracking.ended is None:
                users[client.room].add(client.tracking.user)
        self._held = []
        for client in present:
            true, name = sorted(users[client.room]), client.connection
            answer = answers.get(client.name, {})
            counted = [answer.get("count"), answer.get("ids")]
            self._held.append(Quiet(name, "ws_count and ws_clients", counted, [len(present)] * 2))
            listed = {user["user_id"]: {"metas": user["metas"]} for user in answer.get("users", ())}
            self._held.append(Quiet(name, "ws_list_presence", sorted(listed), true))
            if client.span is not None and client.span.ended is None:
                self._held.append(Quiet(name, "presence", deepcopy(client.page.state), listed))
                self._held.append(
                    Quiet(name, "presence as Phoenix", deepcopy(client.phoenix.state), listed)
                )
        return all(one.held == one.true for one in self._held)


async def _until(condition: Callable[[], bool], seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        await asyncio.sleep(0.005)
    return True


async def run_on(
    cluster: Nodes | Workers, rounds: list[Round], slack: float = SLACK_SECONDS
) -> Run:
    """Run *rounds* on a cluster that has not started; it ends with that.

    All is to be well again 4/3 of a lease and *slack* seconds after each.
    """
    run = Run(cluster, slack=slack)
    try:
        await cluster.start()
        await run.run(rounds)
    finally:
        text = await asyncio.to_thread(cluster.end)
    assert "Traceback" not in text, text[-4000:]
    return run


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=40)
    parser.add_argument("--workers", action="store_true", help="workers of one parent, not nodes")
    parser.add_argument("--lease", type=float, default=LEASE_SECONDS)
    chosen = parser.parse_args()
    if chosen.workers:
        cluster: Nodes | Workers = Workers(chosen.lease)
        rounds = plan(chosen.seed, chosen.rounds, CLIENTS, faults=FAULTS_OF_WORKERS)
    else:
        cluster = Nodes(chosen.lease)
        rounds = plan(chosen.seed, chosen.rounds, CLIENTS)
    began = time.monotonic()
    run = asyncio.run(run_on(cluster, rounds))
    findings = judge(run.history)
    for finding in findings:
        print(json.dumps({"seed": chosen.seed, "finding": finding}), flush=True)
    told = {
        "seed": chosen.seed,
        "steps": run.steps,
        "faults": sum(len(one.faults) for one in rounds),
        "messages": len(run.history.said),
        "heard": sum(len(span.heard) for span in run.history.spans),
        "memberships": len(run.history.spans),
        "seconds": round(time.monotonic() - began, 1),
        "wrong": len(findings),
    }
    print(json.dumps(told), flush=True)
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
