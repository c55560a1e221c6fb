"""Log lines and counters."""

from __future__ import annotations

import json

import pytest
from soli_runtime.observing.logs import Log


def lines_of(**options: object) -> tuple[Log, list[str]]:
    lines: list[str] = []
    return Log(lines.append, clock=lambda: 0.5, **options), lines  # type: ignore[arg-type]


def test_a_line_has_time_level_event_and_fields() -> None:
    """Values with spaces are quoted."""
    log, lines = lines_of()
    log.info("request", path="/a b", status=200)
    assert lines == ['1970-01-01T00:00:00.500Z INFO request path="/a b" status=200\n']


def test_a_backtrace_stands_below_its_line() -> None:
    """Indented, so that lines can still be told apart."""
    log, lines = lines_of()
    log.error("handler_error", error="first\nsecond", handler="x")
    assert lines == [
        "1970-01-01T00:00:00.500Z ERROR handler_error handler=x\n    first\n    second\n"
    ]


def test_nobody_can_forge_a_line_or_drive_a_terminal() -> None:
    """Line breaks and control characters from outside stay inside their field."""
    log, lines = lines_of()
    log.info("x", path="\x1b[2J\r", name='a"b')
    assert lines == ['1970-01-01T00:00:00.500Z INFO x path="\\u001b[2J\\r" name="a\\"b"\n']


def test_json_lines_hold_the_same() -> None:
    """One object each."""
    log, lines = lines_of(as_json=True)
    log.warning("x", a=1)
    assert json.loads(lines[0]) == {
        "time": "1970-01-01T00:00:00.500Z",
        "level": "warning",
        "event": "x",
        "a": 1,
    }


def test_what_is_not_written_is_counted_all_the_same() -> None:
    """The counters are the whole truth."""
    log, lines = lines_of(level="error")
    log.debug("x")
    log.warning("x")
    assert lines == []
    assert log.counts["x"] == 2


def test_control_characters_of_eight_bits_are_escaped_too() -> None:
    """U+009B begins a terminal's commands as ESC [ does; a JSON line holds none either."""
    for as_json in (False, True):
        log, lines = lines_of(as_json=as_json)
        log.info("x", path="\x9b2J")
        assert "\x9b" not in lines[0]
        assert "\\u009b" in lines[0]


REQUESTS = [
    ("GET", "/kept/17", 200, 0.1),
    ("GET", "/", 404, 12.0),
    ("M-SEARCH", "/a%20b?", 599, 1000.5),
    ("GET", "/a b", 200, 0.0),
    ("GET", '/"', 200, 0.0),
    ("GET", "/a=b", 200, 0.0),
    ("GET", "/\x1b[2J\x9b", 200, 0.0),
    ("GET", "/one\nINFO two", 200, 0.0),
    ("GET", "/å", 200, 0.0),
    ("GET", "", 200, 0.0),
    ("", "/", 200, 0.0),
    ("G T", "/", 200, 0.0),
]


@pytest.mark.parametrize("who", [{}, {"worker": 2}, {"host": "a b"}])
@pytest.mark.parametrize("options", [{}, {"as_json": True}, {"level": "warning"}])
def test_the_line_of_a_request_is_that_of_any_event(
    options: dict[str, object], who: dict[str, object]
) -> None:
    """It is made in a way of its own, which nobody may see."""
    for method, path, status, ms in REQUESTS:
        (short, found), (usual, expected) = lines_of(**options), lines_of(**options)
        for log in (short, usual):
            log.speak_as(**who)
        short.request(method, path, status, ms)
        usual.info("request", method=method, path=path, status=status, ms=ms)
        assert (found, short.counts) == (expected, usual.counts)


def test_each_line_of_a_request_has_its_time() -> None:
    """The text of a time is kept for the lines of the same millisecond only."""
    times = iter([0.5, 0.5004, 0.501, 59.9996, 60.0, 0.5])
    lines: list[str] = []
    log = Log(lines.append, clock=lambda: next(times))
    for _ in range(6):
        log.request("GET", "/", 200, 0.1)
    assert [line.partition("Z ")[0][-9:] for line in lines] == [
        "00:00.500",
        "00:00.500",
        "00:00.501",
        "00:59.999",
        "01:00.000",
        "00:00.500",
    ]
