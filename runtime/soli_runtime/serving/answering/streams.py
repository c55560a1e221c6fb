"""Answers without an end that is known: streams of an action's block, and the events of a topic."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from aiohttp import web

from soli_lang.machine.machine import Machine

from ...calling.calls import Calls
from ...calling.greenlets import Runners
from ...http.context import RequestContext
from ...http.current import REQUEST
from ...http.messages import header_multidict
from ...http.responses import Response
from ...http.sse import SSE_HEADERS, BlockStream, Out, Subscriber, TopicStream
from ..state import ServiceState

Failed = Callable[[str, Exception, RequestContext], None]
"""Told of a block that failed: its handler, why, and in which request."""


class Streams:
    """The streams of one program that go on. Nothing bounds how long they wait."""

    def __init__(self, machine: Machine, state: ServiceState, failed: Failed) -> None:
        self._machine = machine
        self._state = state
        self._failed = failed
        self._calls = Calls(machine, Runners())
        self._tasks: set[asyncio.Task[Any]] = set()

    def stop(self) -> None:
        """End them all."""
        self._calls.runners.cancel_all()
        for task in self._tasks:
            task.cancel()

    async def run(
        self, request: web.BaseRequest, context: RequestContext, response: Response, handler: str
    ) -> web.StreamResponse:
        """Send what the action asked for, until it ends or the client is gone."""
        plan = context.stream
        assert plan is not None
        headers = header_multidict(response)
        if isinstance(plan, TopicStream) or plan.is_sse:
            headers.update(SSE_HEADERS)
        else:
            headers["Content-Type"] = plan.content_type
        answer = web.StreamResponse(headers=headers)
        await answer.prepare(request)
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            if isinstance(plan, TopicStream):
                await self._relay(answer, plan.topic)
            else:
                await self._run_block(answer, plan, context, handler)
        except (ConnectionError, asyncio.CancelledError):
            # The client is gone, or the server stops: nobody is left to tell.
            pass
        finally:
            self._tasks.discard(task)
        return answer

    async def _relay(self, answer: web.StreamResponse, topic: str) -> None:
        ready = asyncio.Event()
        subscriber = Subscriber(ready.set)
        topics = self._state.topics
        topics.subscribe(topic, subscriber)
        try:
            while True:
                await ready.wait()
                ready.clear()
                while subscriber.frames:
                    await answer.write(subscriber.frames.popleft())
        finally:
            topics.unsubscribe(topic, subscriber)

    async def _run_block(
        self, answer: web.StreamResponse, plan: BlockStream, context: RequestContext, handler: str
    ) -> None:
        async def send(data: bytes) -> bool:
            try:
                await answer.write(data)
            except ConnectionError:
                return False
            return True

        out = Out(send, plan.is_sse)
        invoke = self._machine.callback(plan.block, 1)
        try:
            await self._calls.wait(invoke, out, {REQUEST: context})
        except ConnectionError:
            raise
        except Exception as error:
            self._failed(handler, error, context)
