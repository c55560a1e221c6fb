"""Runners: calls that wait are set aside, others are not noticed."""

from __future__ import annotations

import asyncio
from contextvars import ContextVar
from typing import Any

import pytest
from soli_runtime.calling.greenlets import Failure, Runner, Runners, suspend

from soli_lang.base.errors import Cancelled, LimitError, SoliError


def never(outcome: Any) -> None:
    raise AssertionError("this call does not wait")


def test_a_call_that_does_not_wait_returns_its_value() -> None:
    """At once."""
    assert Runners().run(lambda x: x + 1, 1, never) == 2


def test_an_exception_is_a_value() -> None:
    """Nothing escapes into the event loop."""
    outcome = Runners().run(lambda _: 1 / 0, None, never)
    assert isinstance(outcome, Failure)
    assert isinstance(outcome.error, ZeroDivisionError)


def test_calls_that_do_not_wait_share_one_runner() -> None:
    """Entering a fresh greenlet costs more than a handler."""
    runners = Runners()
    from greenlet import getcurrent

    seen = {runners.run(lambda _: id(getcurrent()), None, never) for _ in range(5)}
    assert len(seen) == 1


def test_a_call_that_waits_is_set_aside_and_goes_on_later() -> None:
    """Its result goes to `done`."""

    async def body() -> None:
        runners, future, results = Runners(), asyncio.get_running_loop().create_future(), []
        outcome = runners.run(lambda _: suspend(future) + 1, None, results.append)
        assert isinstance(outcome, Runner)
        assert runners.run(lambda _: "meanwhile", None, never) == "meanwhile"
        assert results == []
        future.set_result(41)
        await asyncio.sleep(0)
        assert results == [42]
        assert runners.suspended == 0

    asyncio.run(body())


def test_what_is_awaited_may_fail() -> None:
    """The exception is raised where the program waits."""

    async def fail() -> None:
        raise SoliError("no")

    async def body() -> None:
        results: list[Any] = []

        def code(_: Any) -> str:
            try:
                suspend(fail())
            except SoliError as error:
                return error.message
            return "nothing"

        Runners().run(code, None, results.append)
        for _ in range(3):
            await asyncio.sleep(0)
        assert results == ["no"]

    asyncio.run(body())


def test_cancelling_raises_where_the_call_waits() -> None:
    """`finally` runs; a further wait is refused."""

    async def body() -> None:
        loop = asyncio.get_running_loop()
        results: list[Any] = []
        steps: list[str] = []

        def code(_: Any) -> None:
            try:
                suspend(loop.create_future())
            finally:
                steps.append("finally")
                with pytest.raises(Cancelled):
                    suspend(loop.create_future())

        runner = Runners().run(code, None, results.append)
        runner.cancel()
        await asyncio.sleep(0)
        assert steps == ["finally"]
        assert isinstance(results[0].error, Cancelled)

    asyncio.run(body())


def test_a_cancelled_runner_serves_again() -> None:
    """Its next call is not cancelled."""

    async def body() -> None:
        loop = asyncio.get_running_loop()
        runners, results = Runners(), []
        runners.run(lambda _: suspend(loop.create_future()), None, results.append).cancel()
        await asyncio.sleep(0)
        future = loop.create_future()
        runners.run(lambda _: suspend(future), None, results.append)
        future.set_result("fine")
        await asyncio.sleep(0)
        assert results[1] == "fine"

    asyncio.run(body())


def test_waiting_in_all_for_too_long_is_a_limit_error() -> None:
    """Even in small pieces, none of which is near the limit on a busy machine."""

    async def body() -> None:
        runners, done = Runners(wait_seconds=0.5), asyncio.get_running_loop().create_future()

        def code(_: Any) -> None:
            while True:
                suspend(asyncio.sleep(0.004))

        runners.run(code, None, done.set_result)
        outcome = await asyncio.wait_for(done, 5)
        assert isinstance(outcome.error, LimitError)
        assert outcome.error.message == "wait limit exceeded (0.5 s)"

    asyncio.run(body())


def test_waiting_outside_a_runner_is_an_error() -> None:
    """There is nothing that could be set aside."""
    with pytest.raises(SoliError, match="cannot wait here"):
        suspend(asyncio.sleep(0))


def test_context_variables_belong_to_the_call() -> None:
    """What one call sets, neither the loop nor another call sees."""
    variable: ContextVar[str] = ContextVar("variable", default="unset")

    async def body() -> None:
        runners, future, results = Runners(), asyncio.get_running_loop().create_future(), []

        def waits(_: Any) -> str:
            variable.set("mine")
            suspend(future)
            return variable.get()

        runners.run(waits, None, results.append)
        assert variable.get() == "unset"
        assert runners.run(lambda _: variable.get(), None, never) == "unset"
        future.set_result(None)
        await asyncio.sleep(0)
        assert results == ["mine"]
        assert runners.run(lambda _: variable.get(), None, never) == "unset"

    asyncio.run(body())


def test_a_call_inside_a_call_may_wait_too() -> None:
    """The inner one is set aside alone."""

    async def body() -> None:
        runners, future, results = Runners(), asyncio.get_running_loop().create_future(), []

        def outer(_: Any) -> str:
            inner = runners.run(lambda _: suspend(future), None, results.append)
            return "outer" if isinstance(inner, Runner) else "?"

        assert runners.run(outer, None, never) == "outer"
        future.set_result("inner")
        await asyncio.sleep(0)
        assert results == ["inner"]

    asyncio.run(body())
