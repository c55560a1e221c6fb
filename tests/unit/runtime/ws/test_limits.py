"""The settings of the socket layer."""

from typing import Any

import pytest
from soli_runtime.ws.limits import SocketLimits


@pytest.mark.parametrize(
    "setting",
    [
        {"max_message_bytes": -1},
        {"message_rate": -1},
        {"message_burst": -1},
        {"message_burst": 0},
        {"max_outbox_bytes": -1},
        {"ping_seconds": -1},
        {"max_held_bytes": -1},
        {"close_seconds": 0},
    ],
)
def test_a_limit_that_makes_no_sense_is_refused(setting: dict[str, Any]) -> None:
    """Negative limits, a rate without a burst and a close without time are errors."""
    with pytest.raises(ValueError, match="must"):
        SocketLimits(**setting)


def test_the_defaults_are_those_of_the_documentation() -> None:
    """websocket.md section 9."""
    limits = SocketLimits()
    assert (limits.max_message_bytes, limits.max_outbox_bytes) == (1 << 20, 1 << 20)
    assert (limits.message_rate, limits.message_burst, limits.ping_seconds) == (1000, 2000, 25)
    assert not limits.compression
    assert not limits.refuse_binary


def test_zero_turns_limits_off() -> None:
    """Zero is allowed where that makes sense."""
    SocketLimits(max_message_bytes=0, message_rate=0, max_outbox_bytes=0, ping_seconds=0)
