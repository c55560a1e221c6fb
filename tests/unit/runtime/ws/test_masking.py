"""Unmasking."""

import sys
from collections.abc import Callable
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from soli_runtime.ws.protocol import masking
from soli_runtime.ws.protocol.masking import unmask, unmask_with_integers


@given(st.binary(min_size=4, max_size=4), st.binary(max_size=100))
def test_both_ways_of_unmasking_are_the_definition(mask: bytes, data: bytes) -> None:
    """The compiled helper and ours both do what RFC 6455 section 5.3 defines."""
    expected = bytes(byte ^ mask[index % 4] for index, byte in enumerate(data))
    for way in (unmask, unmask_with_integers):
        target = bytearray(data)
        way(mask, target)
        assert target == expected


@pytest.mark.parametrize("helper", [None, lambda mask, data: None])
def test_without_a_helper_that_works_ours_is_used(
    helper: Callable[[bytes, bytearray], None] | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """aiohttp's helper may be missing, or become something else one day."""
    name = "aiohttp._websocket.helpers"
    module = None if helper is None else SimpleNamespace(websocket_mask=helper)
    monkeypatch.setitem(sys.modules, name, module)
    assert masking._fastest() is unmask_with_integers


def test_the_compiled_helper_is_used_where_it_is_installed() -> None:
    """With the aiohttp of the development environment, the fast way is taken."""
    assert unmask is not unmask_with_integers
