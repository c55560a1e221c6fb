"""Wrong tokens are counted per address and minute, in bounded memory."""

from __future__ import annotations

from soli_runtime.gate.wrong_tokens import MAX_ADDRESSES, MAX_WRONG_TOKENS, WrongTokens


def test_an_address_is_blocked_at_the_limit_until_the_next_minute() -> None:
    now = 30.0
    tokens = WrongTokens(lambda: now)
    for _ in range(MAX_WRONG_TOKENS):
        assert not tokens.is_blocked("a")
        tokens.count("a")
    assert tokens.is_blocked("a")
    assert not tokens.is_blocked("b")
    now = 60.0
    assert not tokens.is_blocked("a")


def test_many_addresses_take_bounded_memory() -> None:
    """The address counted first is forgotten, nobody is refused for want of room."""
    tokens = WrongTokens(lambda: 0.0)
    for address in range(MAX_ADDRESSES + 1):
        for _ in range(MAX_WRONG_TOKENS):
            tokens.count(str(address))
    assert not tokens.is_blocked("0")
    assert tokens.is_blocked("1")
    assert tokens.is_blocked(str(MAX_ADDRESSES))
