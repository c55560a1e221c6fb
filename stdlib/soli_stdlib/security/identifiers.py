"""Identifiers: UUID versions 4 and 7 (RFC 9562), ULID, NanoID (docs/spec §L17)."""

from __future__ import annotations

from soli_lang.base.errors import SoliValueError
from soli_lang.machine.machine import Machine
from soli_lang.native.native import Int, String, function, static

from ..ground import clock, randomness

CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
URL_SAFE = "useandom-26T198340PX75pxJACKVERYMINDBUSHWOLF_GQZbfghjklqvwyzrict"
NANOID_SIZE = 21
MAX_NANOID_SIZE = 1024
MAX_NANOID_ALPHABET = 255


def _uuid_text(bits: int, version: int) -> str:
    """128 *bits* with the version and the variant of RFC 9562 set."""
    bits = bits & ~(0xF << 76) | version << 76
    bits = bits & ~(0x3 << 62) | 0x2 << 62
    digits = f"{bits:032x}"
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"


def _milliseconds(machine: Machine) -> int:
    """Unix milliseconds in 48 bits."""
    return int(clock.now(machine) * 1000) & 0xFFFF_FFFF_FFFF


@static("UUID", "v4")
@function("uuid_v4")
def uuid_v4(machine: Machine) -> str:
    """A random UUID."""
    return _uuid_text(randomness.of(machine).getrandbits(128), 4)


@static("UUID", "v7")
@function("uuid_v7")
def uuid_v7(machine: Machine) -> str:
    """A UUID that sorts by the millisecond it was made in."""
    random = randomness.of(machine).getrandbits(80)
    return _uuid_text(_milliseconds(machine) << 80 | random, 7)


@static("ULID", ("generate", "new"))
@function("ulid")
def ulid(machine: Machine) -> str:
    """26 characters that sort by the millisecond they were made in."""
    bits = _milliseconds(machine) << 80 | randomness.of(machine).getrandbits(80)
    return "".join(CROCKFORD[bits >> shift & 31] for shift in range(125, -1, -5))


@static(
    "NanoID",
    ("generate", "new"),
    Int("int size").optional(NANOID_SIZE),
    String("string alphabet").optional(URL_SAFE),
)
@function(
    "nanoid", Int("int size").optional(NANOID_SIZE), String("string alphabet").optional(URL_SAFE)
)
def nanoid(machine: Machine, size: int, alphabet: str) -> str:
    """*size* random characters of *alphabet*."""
    if not 1 <= size <= MAX_NANOID_SIZE:
        raise SoliValueError(f"nanoid size must be between 1 and {MAX_NANOID_SIZE}, got {size}")
    if not 1 <= len(alphabet) <= MAX_NANOID_ALPHABET:
        raise SoliValueError(
            f"nanoid alphabet must have between 1 and {MAX_NANOID_ALPHABET} characters,"
            f" got {len(alphabet)}"
        )
    return "".join(randomness.of(machine).choices(alphabet, k=size))
