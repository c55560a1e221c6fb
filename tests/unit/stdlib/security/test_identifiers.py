"""UUID, ULID, NanoID (docs/spec §L17)."""

from __future__ import annotations

import re
from uuid import UUID

import pytest

from ..installed import NOON, Library


@pytest.fixture
def soli() -> Library:
    return Library()


@pytest.mark.parametrize("name", ["uuid_v4", "UUID.v4"])
def test_random_uuids(soli: Library, name: str) -> None:
    """Version 4, the variant of RFC 9562, lowercase."""
    text = soli.call(name)
    assert UUID(text).version == 4
    assert UUID(text).variant == "specified in RFC 4122"
    assert text == str(UUID(text))


@pytest.mark.parametrize("name", ["uuid_v7", "UUID.v7"])
def test_timed_uuids(soli: Library, name: str) -> None:
    """Version 7 begins with the milliseconds of the clock."""
    value = UUID(soli.call(name))
    assert value.int >> 80 == int(NOON * 1000)
    assert value.int >> 76 & 15 == 7


@pytest.mark.parametrize("name", ["ulid", "ULID.generate", "ULID.new"])
def test_ulids(soli: Library, name: str) -> None:
    """26 characters of Crockford's alphabet; later ones sort after."""
    first = soli.call(name)
    soli.time += 0.002
    assert re.fullmatch("[0-7][0-9A-HJKMNP-TV-Z]{25}", first)
    assert first < soli.call(name)


@pytest.mark.parametrize("name", ["nanoid", "NanoID.generate", "NanoID.new"])
def test_nanoids(soli: Library, name: str) -> None:
    """21 URL-safe characters, or as many of whichever as asked for."""
    assert re.fullmatch(r"[\w-]{21}", soli.call(name))
    assert set(soli.call(name, 50, "ab")) <= {"a", "b"}


def test_nanoids_are_bounded(soli: Library) -> None:
    """Sizes from 1 to 1024, alphabets from 1 to 255."""
    assert len(soli.call("nanoid", 1024)) == 1024
    for size in (0, 1025):
        message = f"nanoid size must be between 1 and 1024, got {size}"
        assert soli.failure("nanoid", size) == message
    assert "alphabet" in soli.failure("nanoid", 5, "")
    assert soli.failure("nanoid", "5") == "nanoid() expects int size, got string"
