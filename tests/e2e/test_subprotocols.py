"""Subprotocols: what a client asks for, what a route speaks, what the handler is told."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from soli_runtime.loading.launch import Launch, launch
from soli_runtime.settings import Settings
from websockets.exceptions import NegotiationError

from soli_lang.base.errors import SoliError

from .support import receive_json, run, serving, write_files

HANDLER = """
def handle(event)
  if event["type"] == "message"
    return { "send": [event["protocol"], current_connection()["protocol"], event.keys] }
  end
  return { "send": ["connect", event["protocol"]] } if event["type"] == "connect"
  {}
end
"""
SPEAKS = 'router_websocket("/ws", "app#handle", {"protocols": ["chat.v2", "chat.v1"]})'
SILENT = 'router_websocket("/ws", "app#handle")'


def files(route: str) -> dict[str, str]:
    return {"app.soli": route + HANDLER}


def test_the_first_offered_protocol_that_the_route_lists_is_selected(tmp_path: Path) -> None:
    """The client's preference counts; it and the handler are told."""

    async def body() -> None:
        async with serving(tmp_path, files(SPEAKS)) as site:
            offered: Any = ["chat.v3", "chat.v1", "chat.v2"]
            async with site.connect("/ws", subprotocols=offered) as client:
                assert client.subprotocol == "chat.v1"
                assert await receive_json(client) == ["connect", "chat.v1"]
                await client.send("x")
                assert (await receive_json(client))[:2] == ["chat.v1", "chat.v1"]

    run(body)


@pytest.mark.parametrize(
    ("route", "offered"), [(SPEAKS, ["chat.v3"]), (SPEAKS, None), (SILENT, ["chat.v1"])]
)
def test_without_a_common_protocol_none_is_selected(
    tmp_path: Path, route: str, offered: Any
) -> None:
    """The connection opens, which this client accepts (a browser would not)."""

    async def body() -> None:
        async with (
            serving(tmp_path, files(route)) as site,
            site.connect("/ws", subprotocols=offered) as client,
        ):
            assert client.subprotocol is None
            assert await receive_json(client) == ["connect", None]
            await client.send("x")
            assert "protocol" not in (await receive_json(client))[2]

    run(body)


def test_protocols_may_be_offered_in_several_headers(tmp_path: Path) -> None:
    """RFC 6455 section 11.3.4: they count as one list."""

    async def body() -> None:
        async with serving(tmp_path, files(SPEAKS)) as site:
            headers = [("Sec-WebSocket-Protocol", "other"), ("Sec-WebSocket-Protocol", "chat.v1")]
            # The client did not offer any that it knows of, so it refuses the one selected.
            with pytest.raises(NegotiationError, match="subprotocol"):
                await site.connect("/ws", additional_headers=headers)

    run(body)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ('{"protocol": "a"}', "router_websocket() has no option 'protocol'"),
        ('{"protocols": [1]}', "expects protocols as strings, got int"),
        ('{"protocols": {}}', "expects protocols as strings, got hash"),
        ('{"protocols": ["a b"]}', "letters, digits and"),
        ('{"protocols": ""}', ", got ''"),
        ('"chat"', "router_websocket() expects hash, got string"),
    ],
)
def test_wrong_options_are_told_before_it_listens(
    tmp_path: Path, options: str, message: str
) -> None:
    """With what was expected and what was found."""
    app = write_files(tmp_path, files(f'router_websocket("/ws", "app#handle", {options})'))

    with pytest.raises(SoliError) as caught:
        launch(Launch(app, Settings()))

    assert message in caught.value.message


def test_one_protocol_needs_no_array(tmp_path: Path) -> None:
    """And the key may be a symbol."""

    async def body() -> None:
        route = 'router_websocket("/ws", "app#handle", {protocols: "only"})'
        async with serving(tmp_path, files(route)) as site:
            offered: Any = ["only"]
            async with site.connect("/ws", subprotocols=offered) as client:
                assert client.subprotocol == "only"

    run(body)
