"""Unmasking of client payloads (RFC 6455 section 5.3)."""

from collections.abc import Callable

__all__ = ["unmask", "unmask_with_integers"]


def unmask_with_integers(mask: bytes, data: bytearray) -> None:
    """XOR *data* with the four bytes of *mask* repeated, in place.

    One operation on big integers: an order of magnitude faster than a loop in Python, and used
    only where no compiled helper is installed.
    """
    size = len(data)
    if size:
        key = int.from_bytes(mask * (size // 4 + 1), "big") >> (8 * (4 - size % 4))
        data[:] = (int.from_bytes(data, "big") ^ key).to_bytes(size, "big")


def _fastest() -> Callable[[bytes, bytearray], None]:
    try:
        from aiohttp._websocket.helpers import websocket_mask
    except ImportError:
        return unmask_with_integers
    probe = bytearray(b"\x00\x01\x02\x03\x04")
    # aiohttp's helper is not a documented interface: use it only while it does what we think.
    websocket_mask(b"\x01\x02\x03\x04", probe)
    if probe != b"\x01\x03\x01\x07\x05":
        return unmask_with_integers
    return websocket_mask


unmask: Callable[[bytes, bytearray], None] = _fastest()
