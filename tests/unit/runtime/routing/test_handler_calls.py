"""What stands around a handler: guards, transactions and measurements, also after a reload."""

from __future__ import annotations

from typing import Any

from soli_runtime.routing.handler import Handler, Invoke


def layer(name: str) -> Any:
    def around(invoke: Invoke) -> Invoke:
        return lambda argument: f"{name}({invoke(argument)})"

    return around


def handler(text: str) -> Handler:
    made = Handler("app#handle", lambda argument: f"{text} {argument}")
    made.guard(layer("guard"))
    return made


def test_guards_stand_within_what_surrounds_them() -> None:
    one = handler("old")
    one.surround(layer("turn"))
    end = one.measure(layer("timed"))
    assert one.invoke(1) == "timed(turn(guard(old 1)))"
    end()
    assert one.invoke(1) == "turn(guard(old 1))"


def test_a_reload_brings_its_own_guards_and_keeps_what_surrounds() -> None:
    one = handler("old")
    one.surround(layer("turn"))
    one.become(handler("new"))
    assert one.invoke(1) == "turn(guard(new 1))"


def test_what_surrounds_is_exchanged() -> None:
    one = handler("old")
    one.surround(layer("turn"))
    one.surround(layer("other"))
    assert one.invoke(1) == "other(guard(old 1))"
