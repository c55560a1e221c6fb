"""Unmasking."""

from hypothesis import given
from hypothesis import strategies as st
from soli_runtime.ws.masking import unmask, unmask_with_integers


@given(st.binary(min_size=4, max_size=4), st.binary(max_size=100))
def test_both_ways_of_unmasking_are_the_definition(mask: bytes, data: bytes) -> None:
    """The compiled helper and ours both do what RFC 6455 section 5.3 defines."""
    expected = bytes(byte ^ mask[index % 4] for index, byte in enumerate(data))
    for way in (unmask, unmask_with_integers):
        target = bytearray(data)
        way(mask, target)
        assert target == expected


def test_the_compiled_helper_is_used_where_it_is_installed() -> None:
    """With the aiohttp of the development environment, the fast way is taken."""
    assert unmask is not unmask_with_integers
