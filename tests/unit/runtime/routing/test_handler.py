"""A route's handler: what it calls, and measuring that."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from soli_runtime.routing.handler import Handler


def test_measuring_goes_around_and_ends() -> None:
    """Afterwards it calls what it called before."""
    seen: list[Any] = []

    def plain(argument: Any) -> Any:
        return argument + 1

    def around(invoke: Callable[[Any], Any]) -> Callable[[Any], Any]:
        return lambda argument: seen.append(argument) or invoke(argument)

    handler = Handler("a#b", plain)
    end = handler.measure(around)

    assert (handler.invoke(1), seen) == (2, [1])
    end()
    assert handler.invoke is plain
