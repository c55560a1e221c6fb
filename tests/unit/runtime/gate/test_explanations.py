"""What the log says of a refusal, for whoever has to change a setting."""

from __future__ import annotations

import pytest
from soli_runtime.gate.explanations import HOUR, ForwardingHint, explained


def test_a_refused_origin_comes_with_what_would_be_accepted() -> None:
    headers = {"origin": "https://a.example:8443", "host": "a.example"}
    accepted = {"accepted": "http://a.example or https://a.example"}
    assert explained("origin", headers, "1.2.3.4", ()) == {**headers, **accepted}
    named = explained("origin", headers, "1.2.3.4", ("b.example", "https://c.example"))
    assert named["accepted"] == "b.example, https://c.example"


@pytest.mark.parametrize("reason", ["max_connections_per_ip", "connect_rate_per_ip"])
def test_a_refusal_by_address_says_whose_address_it_was(reason: str) -> None:
    """A proxy that is not named stands for all its users."""
    behind = {"x-forwarded-for": "203.0.113.7"}
    assert "--trusted-proxies" in explained(reason, behind, "10.0.0.1", ())["counted"]
    assert explained(reason, behind, "203.0.113.7", ()) == {}
    assert explained(reason, {}, "10.0.0.1", ()) == {}


def test_ignored_headers_are_told_of_once_an_hour() -> None:
    now = 0.0
    said: list[str] = []
    hint = ForwardingHint(lambda: now, said.append)
    hint("10.0.0.1")
    now = HOUR - 1
    hint("10.0.0.2")
    assert said == ["10.0.0.1"]
    now = HOUR
    hint("10.0.0.3")
    assert said == ["10.0.0.1", "10.0.0.3"]
