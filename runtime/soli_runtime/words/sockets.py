"""WebSocket specs: `client = ws_connect("/ws/echo")`, `client.send`, `client.receive`, …

A client here is a real one, at the other end of a real upgrade. `send` and `close` return when the
app's handler is done with them, so that a test needs no pauses.
"""

from __future__ import annotations

from soli_stdlib.json import text as json_text

from soli_lang.base.errors import SoliError, SoliValueError
from soli_lang.machine.machine import Machine
from soli_lang.native.native import Any_, Hash, Int, Number, String, function, method
from soli_lang.values.display import inspect, to_text
from soli_lang.values.kinds import from_key, type_name
from soli_lang.values.semantics import is_truthy
from soli_lang.values.values import Value

from ..core.payloads import encode
from .clients import OWNER, RECEIVE_SECONDS, SocketClient, open_sockets
from .requests import visitor_of

SILENT_SECONDS = 0.05


@function("ws_connect", String, Hash.optional())
def ws_connect(machine: Machine, path: str, options: Value) -> Value:
    """Connect to a WebSocket route of the app. Options: `headers`; `resume`, as in the client.

    With `{ "resume": true }` it notes how far it has seen each room (messages that say only that
    are not shown), and `come_back` asks for what it missed.

    The visitor's headers and cookies go with it, so `as_user` holds for sockets too; `Origin` is
    that of the app's own pages unless one is given.
    """
    visitor = visitor_of(machine, "ws_connect")
    chosen = dict(options or {})
    given = chosen.get("headers")
    more = {
        to_text(from_key(name)): to_text(value)
        for name, value in (given.items() if isinstance(given, dict) else ())
    }
    headers = visitor.request_headers(more)
    if not any(name.lower() == "origin" for name in headers):
        headers["Origin"] = visitor.server.origin
    client = SocketClient(visitor.server, path, {} if is_truthy(chosen.get("resume")) else None)
    target = visitor.server.url(path, "ws")
    machine.suspend(client.connect(target, headers), "ws_connect")
    open_sockets(machine).add(client)
    return client


@method(OWNER, "send", Any_)
def send(machine: Machine, client: SocketClient, message: Value) -> None:
    """Send a message and wait until the app has handled it. What is no String goes as JSON."""
    payload = message if isinstance(message, bytes) else encode(message, json_text.encode)
    machine.suspend(client.send(payload), "send")


_Seconds = Any_.optional(RECEIVE_SECONDS)


@method(OWNER, "ask", String, Any_.optional(), _Seconds)
def ask(
    machine: Machine, client: SocketClient, event: str, payload: Value, timeout: Value
) -> Value:
    """Send a request, `{"event":, "payload":, "ref":}`, and return the response of its reply.

    Fails with what the app says if it replies an error, and when no reply comes within *timeout*
    seconds (1). Other messages stay to be received.
    """
    sent = json_text.encode({} if payload is None else payload)
    seconds = _seconds(timeout, RECEIVE_SECONDS)
    reply = machine.suspend(client.ask(event, sent, seconds), "ask")
    told = json_text.json_parse(machine, reply)["payload"]
    if told["status"] != "ok":
        raise SoliError(f"ask: the app replied an error to '{event}': {inspect(told['response'])}")
    return told["response"]


def _seconds(value: Value, default: float) -> float:
    if isinstance(value, dict):
        value = value.get("timeout", default)
    if value.__class__ not in (int, float):
        raise SoliValueError(f"timeout: expected a number of seconds, got {type_name(value)}")
    return float(value)


@method(OWNER, "receive", _Seconds, bare=True)
def receive(machine: Machine, client: SocketClient, timeout: Value) -> Value:
    """The next message; fails when none comes within *timeout* seconds (1)."""
    return machine.suspend(client.receive(_seconds(timeout, RECEIVE_SECONDS)), "receive")


@method(OWNER, "receive_json", _Seconds, bare=True)
def receive_json(machine: Machine, client: SocketClient, timeout: Value) -> Value:
    """The next message, read as JSON."""
    text = receive(machine, client, timeout)
    return json_text.json_parse(machine, to_text(text))


@method(OWNER, "receive_event", String, _Seconds)
def receive_event(machine: Machine, client: SocketClient, event: str, timeout: Value) -> Value:
    """The next JSON message whose `event` is *event*; others before it are passed over."""
    seen = []
    try:
        while True:
            text = to_text(receive(machine, client, timeout))
            message = json_text.value_from_text(machine, text)
            if isinstance(message, dict) and message.get("event") == event:
                return message
            seen.append(text)
    except SoliError as error:
        if seen:
            error.hint = f"these came instead: {inspect(seen)}"
        raise


@method(OWNER, "messages", bare=True)
def messages(machine: Machine, client: SocketClient) -> list[Value]:
    """All messages that have arrived and were not received yet."""
    machine.suspend(client.is_silent(0.0), "messages")
    return client.waiting_messages()


@method(OWNER, "inbox", bare=True)
def inbox(machine: Machine, client: SocketClient) -> list[Value]:
    """The messages that `messages` would return, JSON read as data, without taking them."""
    machine.suspend(client.is_silent(0.0), "inbox")
    return [_read(machine, one) for one in client.arrived()]


def _read(machine: Machine, message: str | bytes) -> Value:
    """A JSON Hash or Array as data; any other message as it came."""
    if isinstance(message, bytes) or not message.startswith(("{", "[")):
        return message
    try:
        return json_text.json_parse(machine, message)
    except SoliError:
        return message


@method(OWNER, "silent?", Any_.optional(SILENT_SECONDS), bare=True)
def is_silent(machine: Machine, client: SocketClient, timeout: Value) -> Value:
    """Whether no message is there, nor comes within *timeout* seconds (0.05)."""
    return machine.suspend(client.is_silent(_seconds(timeout, SILENT_SECONDS)), "silent?")


@method(OWNER, "close", Int.optional(1000), String.optional(""), bare=True)
def close(machine: Machine, client: SocketClient, code: int, reason: str) -> None:
    """Close the connection and wait until the app has handled that."""
    machine.suspend(client.close(code, reason), "close")


@method(OWNER, "drop", bare=True)
def drop(machine: Machine, client: SocketClient) -> None:
    """Break the line, as a lost network does, and wait until the app has handled that."""
    machine.suspend(client.drop(), "drop")


@method(OWNER, "tab", bare=True)
def tab(machine: Machine, client: SocketClient) -> Value:
    """A second connection of the same visitor: the same path, headers and session."""
    second = machine.suspend(client.tab(), "tab")
    open_sockets(machine).add(second)
    return second


@method(OWNER, "come_back", bare=True)
def come_back(machine: Machine, client: SocketClient) -> Value:
    """The same client again, on a new line: its path, headers, session, and where it was."""
    again = machine.suspend(client.come_back(), "come_back")
    open_sockets(machine).add(again)
    return again


@method(OWNER, "wait_closed", Number.optional(RECEIVE_SECONDS), bare=True)
def wait_closed(machine: Machine, client: SocketClient, timeout: float) -> Value:
    """Wait until the app closes the connection; the close code."""
    machine.suspend(client.wait_closed(float(timeout)), "wait_closed")
    return client.close_code


@method(OWNER, "closed?", bare=True)
def is_closed(client: SocketClient) -> bool:
    """Whether the connection is closed."""
    return client.is_closed


@method(OWNER, "close_code", bare=True)
def close_code(client: SocketClient) -> Value:
    """The code it was closed with, null while it is open."""
    return client.close_code


@method(OWNER, "close_reason", bare=True)
def close_reason(client: SocketClient) -> Value:
    """The reason it was closed with."""
    return client.close_reason


@method(OWNER, "id", bare=True)
def id_(client: SocketClient) -> str:
    """The connection's id, as the app's handler sees it."""
    return client.id
