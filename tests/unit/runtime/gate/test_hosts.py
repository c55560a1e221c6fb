"""Which hosts are ours."""

from __future__ import annotations

import pytest
from soli_runtime.gate.hosts import is_allowed_host


@pytest.mark.parametrize(
    ("host", "allowed"),
    [
        ("example.com", "example.com"),
        ("EXAMPLE.com.:5011", "example.com"),
        ("example.com:5011", "Example.com:5011"),
        ("a.example.com", "*.example.com"),
        ("a.b.example.com:1", "*.example.com"),
        ("127.0.0.1:5011", "127.0.0.1"),
        ("[::1]:5011", "[::1]"),
    ],
)
def test_a_host_of_the_list_is_ours(host: str, allowed: str) -> None:
    """In any case, on any port unless one is named."""
    assert is_allowed_host(host, ("other", allowed))


@pytest.mark.parametrize(
    ("host", "allowed"),
    [
        ("evil.com", "example.com"),
        ("example.com.evil.com", "example.com"),
        ("evil-example.com", "*.example.com"),
        ("example.com", "*.example.com"),
        ("example.com", "example.com:5011"),
        ("example.com:5012", "example.com:5011"),
        ("evil.com@example.com", "example.com"),
        ("example.com@evil.com", "example.com"),
        ("example.com/evil.com", "example.com"),
        ("example.com, evil.com", "example.com"),
        ("example.com:x", "example.com"),
        ("[::1", "[::1]"),
        ("", "example.com"),
        ("*.example.com", "example.com"),
    ],
)
def test_another_host_is_not(host: str, allowed: str) -> None:
    """However it is written."""
    assert not is_allowed_host(host, (allowed,))


def test_without_a_list_any_host_will_do() -> None:
    """As behind a proxy that knows which hosts are ours."""
    assert is_allowed_host("anything", ())
