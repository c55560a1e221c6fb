"""What a handler may see of its event is judged from its text, and in doubt it sees all."""

import pytest
from soli_runtime.core.events import PARTS
from soli_runtime.routing.event_use import parts_seen

from soli_lang.interpreter import Interpreter
from soli_lang.values.values import Function


def seen(body: str, head: str = "def handle(event)") -> tuple[str, ...]:
    function = Interpreter(None).load(f"{head}\n  {body}\nend").get("handle")
    assert isinstance(function, Function)
    return parts_seen(function)


def test_a_handler_that_reads_constant_keys_sees_only_those() -> None:
    """Parts whose key is never named are not needed."""
    assert seen('{ "send": event["message"] } if event["type"] == "message"') == ()
    assert seen('event["params"]["id"] + event["type"]') == ("params",)
    assert seen('[event["query"], event["headers"]]') == ("query", "headers")
    assert seen('event["connection_id"]') == ("connection_id",)


def test_reads_inside_nested_functions_and_interpolation_count() -> None:
    """A lambda or text inside the handler sees the same event."""
    assert seen('[1].map(|x| event["headers"])') == ("headers",)
    assert seen('"#{event["params"]}"') == ("params",)


def test_writing_to_a_key_is_not_seeing_the_rest() -> None:
    """`event["x"] = 1` changes the handler's own Hash."""
    assert seen('event["x"] = 1') == ()


@pytest.mark.parametrize(
    "body",
    [
        "event",
        "event.keys",
        "other(event)",
        'k = "headers"\n  event[k]',
        'event["head" + "ers"]',
        "event = other()",
        'x = event\n  x["headers"]',
        '{ "send": "#{event}" }',
        "for key, value in event\n    key\n  end",
        '[1].map(|event| event["a"])',
        "match event {\n    x => x\n  }",
        "[...event]",
        "f = || { event }\n  f()",
        "send(:handle, event)",
    ],
)
def test_whatever_else_is_done_with_the_event_sees_all_of_it(body: str) -> None:
    """An event that is passed on, asked for its keys or indexed by a variable is filled in."""
    assert seen(body) == PARTS


def test_a_handler_of_another_shape_sees_all() -> None:
    """A default or further parameters are not reasoned about."""
    assert seen("1", "def handle(event, more = 1)") == PARTS
