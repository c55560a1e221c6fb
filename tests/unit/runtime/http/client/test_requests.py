"""`HTTP.get` and its kin: what is asked for, and what may not be. Nothing leaves this process."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Any

import pytest
from soli_runtime.builtins.library import install_library
from soli_runtime.http.client import requests
from soli_runtime.http.client.requests import Got, RequestFailed, Wanted

from soli_lang import Capabilities, Interpreter, SoliError


def finished(awaitable: Awaitable[Any]) -> Any:
    """The result of something awaitable that does not wait."""
    iterator = awaitable.__await__()
    try:
        while True:
            next(iterator)
    except StopIteration as stop:
        return stop.value


class Internet:
    """Answers every request with the same, and keeps what was asked."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *answers: Got) -> None:
        self.asked: list[Wanted] = []
        self._answers = list(answers)

        async def fetch(wanted: Wanted, *, private_network: bool) -> Got:
            self.asked.append(wanted)
            return self._answers.pop(0)

        monkeypatch.setattr(requests, "fetch", fetch)

    def run(self, code: str) -> Any:
        capabilities = Capabilities(network=True, suspend=finished)
        return Interpreter(install_library, capabilities=capabilities).run(code)


def got(status: int = 200, text: str = "hello") -> Got:
    return Got(status, "OK", {"content-type": "text/plain"}, text)


@pytest.mark.parametrize(
    ("code", "method", "body"),
    [
        ('HTTP.get("http://there.test/x")', "GET", None),
        ('HTTP.delete("http://there.test/x")', "DELETE", None),
        ('HTTP.post("http://there.test/x", "text")', "POST", b"text"),
        ('HTTP.put("http://there.test/x", { "a": 1 })', "PUT", b'{"a":1}'),
        ('HTTP.patch("http://there.test/x", "")', "PATCH", b""),
    ],
)
def test_a_request_asks_for_what_was_written(
    monkeypatch: pytest.MonkeyPatch, code: str, method: str, body: bytes | None
) -> None:
    """Method, address, body; the value is the text of the answer."""
    internet = Internet(monkeypatch, got())

    assert internet.run(code) == "hello"
    (asked,) = internet.asked
    assert (asked.method, asked.url, asked.body) == (method, "http://there.test/x", body)


def test_headers_and_timeout(monkeypatch: pytest.MonkeyPatch) -> None:
    """By name, whatever their case; a Hash as body says that it is JSON."""
    internet = Internet(monkeypatch, got())
    internet.run(
        'HTTP.post("http://there.test", { "a": 1 }, { "headers": { "X-Key": "k" }, "timeout": 3 })'
    )
    (asked,) = internet.asked

    assert asked.headers == {"x-key": "k", "content-type": "application/json"}
    assert asked.timeout == 3


def test_a_status_that_is_no_success_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """With what the server said."""
    internet = Internet(monkeypatch, got(404, "nothing here"))
    with pytest.raises(SoliError, match="HTTP 404 error: nothing here"):
        internet.run('HTTP.get("http://there.test")')


def test_json_comes_as_a_value(monkeypatch: pytest.MonkeyPatch) -> None:
    """And what is none is an error."""
    internet = Internet(monkeypatch, got(text='{"a": [1]}'), got(text="{"))

    assert internet.run('HTTP.get_json("http://there.test")["a"][0]') == 1
    with pytest.raises(SoliError, match="Failed to parse JSON"):
        internet.run('HTTP.get_json("http://there.test")')


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ('{ "timeout": 0 }', "positive number of seconds"),
        ('{ "headers": { "x": "a\\nb" } }', "control characters"),
    ],
)
def test_bad_options_are_errors(
    monkeypatch: pytest.MonkeyPatch, options: str, message: str
) -> None:
    """Before anything is sent."""
    internet = Internet(monkeypatch)
    with pytest.raises(SoliError, match=message):
        internet.run(f'HTTP.get("http://there.test", {options})')
    assert internet.asked == []


def test_without_the_capability_nothing_is_sent() -> None:
    """The error names it."""
    with pytest.raises(SoliError, match="network"):
        Interpreter(install_library).run('HTTP.get("http://there.test")')


@pytest.mark.parametrize(
    "url", ["ftp://there.test", "there.test", "http://", "http://[::1", "file:///x"]
)
def test_only_http_addresses_are_asked(url: str) -> None:
    """Everything else is said to be wrong."""
    with pytest.raises(RequestFailed):
        requests.check_url(url, private_network=True)
