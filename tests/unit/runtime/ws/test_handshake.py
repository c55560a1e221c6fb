"""What is answered to an upgrade request, without a socket."""

import pytest
from soli_runtime.ws.protocol.handshake import Accepted, answer, choose_protocol

REQUEST = {
    "upgrade": "websocket",
    "connection": "Upgrade",
    "sec-websocket-version": "13",
    "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==",
}


@pytest.mark.parametrize(
    ("offered", "chosen"),
    [
        ("v1", "v1"),
        ("v2, v1", "v2"),
        ("v1,v2", "v1"),
        ("v9 ,\tv2", "v2"),
        ("v9", None),
        ("", None),
        (",", None),
        ("V1", None),
        ("v1 v2", None),
        ("v1;q=1", None),
    ],
)
def test_the_first_offered_protocol_that_is_known_is_chosen(
    offered: str, chosen: str | None
) -> None:
    """The client's order counts, names are compared letter by letter."""
    assert choose_protocol(offered, ("v1", "v2")) == chosen


def test_a_chosen_protocol_is_in_the_answer() -> None:
    """RFC 6455 section 4.2.2: the server names the one that it chose."""
    decision = answer("GET", (1, 1), REQUEST, protocol="v1")

    assert isinstance(decision, Accepted)
    assert decision.headers["Sec-WebSocket-Protocol"] == "v1"


def test_without_a_chosen_protocol_the_answer_names_none() -> None:
    """Whatever was offered: a client must fail on one that it did not offer."""
    decision = answer("GET", (1, 1), {**REQUEST, "Sec-WebSocket-Protocol": "v1"})

    assert isinstance(decision, Accepted)
    assert "Sec-WebSocket-Protocol" not in decision.headers
