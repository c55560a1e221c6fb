"""How long a body may be whose length nobody said before."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from soli_runtime.http.bodies.incoming import BodyRefused, _gathered

LIMIT = 10


async def pieces(*sizes: int) -> AsyncIterator[bytes]:
    for size in sizes:
        yield b"x" * size


def test_pieces_count_together_up_to_the_limit() -> None:
    assert asyncio.run(_gathered(pieces(4, 6), LIMIT)) == b"x" * LIMIT


def test_one_byte_more_is_413() -> None:
    with pytest.raises(BodyRefused) as refused:
        asyncio.run(_gathered(pieces(4, 6, 1), LIMIT))
    assert refused.value.status == 413
