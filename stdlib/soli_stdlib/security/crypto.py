"""Hashing, random values and passwords (docs/spec §L17); ciphers are in `ciphers`.

Every function is `Crypto.NAME`; some are globals of the same name too.
"""

from __future__ import annotations

import binascii
from collections.abc import Callable

from soli_lang.base.errors import SoliValueError
from soli_lang.machine.machine import Machine
from soli_lang.native.native import Any_, Int, String, Text, function, static
from soli_lang.values.values import Value

from ..ground import randomness
from ..ground.waiting import blocking
from ..json.canonical import canonical_text

MAX_RANDOM_BYTES = 1024
TOKEN_BYTES = 32

# OWASP's parameters for Argon2id: 19 MiB, two passes, one lane.
ARGON2_MEMORY_KIB = 19456
ARGON2_PASSES = 2
ARGON2_LANES = 1
MAX_ARGON2_MEMORY_KIB = 256 * 1024
MAX_ARGON2_PASSES = 16
"""A stored hash names its own cost; a planted one must not stop the host."""

_Plain = Text("string")


def _bytes(text: str | bytes) -> bytes:
    return text if isinstance(text, bytes) else text.encode()


def _digest(algorithm: str) -> Callable[..., str]:
    def digest(text: str | bytes) -> str:
        import hashlib

        # Not for passwords: `password_hash` is. usedforsecurity lets MD5 work on FIPS systems.
        return hashlib.new(algorithm, _bytes(text), usedforsecurity=False).hexdigest()

    digest.__doc__ = f"The {algorithm.upper()} digest of a text, in hexadecimal. Not for passwords."
    return static("Crypto", algorithm, _Plain, linear=True)(
        function(algorithm, _Plain, linear=True)(digest)
    )


sha256 = _digest("sha256")
sha512 = _digest("sha512")
md5 = _digest("md5")


@static("Crypto", "hmac", _Plain, _Plain, linear=True)
@function("hmac", _Plain, _Plain, linear=True)
def hmac(message: str | bytes, key: str | bytes) -> str:
    """HMAC-SHA256 of *message* in hex."""
    import hmac as hmac_module

    return hmac_module.new(_bytes(key), _bytes(message), "sha256").hexdigest()


@static("Crypto", "secure_compare", _Plain, _Plain, linear=True)
@function("secure_compare", _Plain, _Plain, linear=True)
def secure_compare(left: str | bytes, right: str | bytes) -> bool:
    """Whether both are equal, in a time that does not depend on where they differ."""
    import hmac as hmac_module

    return hmac_module.compare_digest(_bytes(left), _bytes(right))


# --- passwords ------------------------------------------------------------------------------------


@static("Crypto", ("password_hash", "argon2_hash"), String)
@function(("password_hash", "argon2_hash"), String)
def password_hash(machine: Machine, password: str) -> str:
    """An Argon2id hash with its salt and cost, as PHC text."""
    import argon2

    hasher = argon2.PasswordHasher(
        time_cost=ARGON2_PASSES, memory_cost=ARGON2_MEMORY_KIB, parallelism=ARGON2_LANES
    )
    return blocking(machine, lambda: hasher.hash(password), "password_hash")


@static("Crypto", ("password_verify", "argon2_verify"), String, String)
@function(("password_verify", "argon2_verify"), String, String)
def password_verify(machine: Machine, password: str, stored: str) -> bool:
    """Whether *password* belongs to the hash *stored*. Raises when *stored* is no Argon2 hash."""
    return blocking(machine, lambda: _verified(password, stored), "password_verify")


def _verified(password: str, stored: str) -> bool:
    import argon2

    try:
        cost = argon2.extract_parameters(stored)
        if cost.memory_cost > MAX_ARGON2_MEMORY_KIB or cost.time_cost > MAX_ARGON2_PASSES:
            raise SoliValueError("password_verify() invalid hash: cost too high")
        return argon2.PasswordHasher().verify(stored, password)
    except argon2.exceptions.VerifyMismatchError:
        return False
    except (argon2.exceptions.InvalidHashError, argon2.exceptions.VerificationError, ValueError):
        raise SoliValueError("password_verify() invalid hash") from None


# --- random values --------------------------------------------------------------------------------


def _random(machine: Machine, count: int, name: str) -> bytes:
    if not 1 <= count <= MAX_RANDOM_BYTES:
        raise SoliValueError(
            f"Crypto.{name}() expects a byte count between 1 and {MAX_RANDOM_BYTES}, got {count}"
        )
    return randomness.random_bytes(machine, count)


@static("Crypto", "random_hex", Int)
def random_hex(machine: Machine, count: int) -> str:
    """*count* random bytes in hex."""
    return _random(machine, count, "random_hex").hex()


@static("Crypto", "random_bytes", Int)
def random_bytes(machine: Machine, count: int) -> list[int]:
    """*count* random bytes as an Array of Ints."""
    return list(_random(machine, count, "random_bytes"))


@static("Crypto", "random_token", Int.optional(TOKEN_BYTES))
def random_token(machine: Machine, count: int) -> str:
    """*count* random bytes in URL-safe Base64 without padding."""
    data = _random(machine, count, "random_token")
    text = binascii.b2a_base64(data, newline=False).decode("ascii")
    return text.rstrip("=").replace("+", "-").replace("/", "_")


@static("Crypto", "canonical_json", Any_)
def canonical_json(machine: Machine, value: Value) -> str:
    """JSON with sorted keys, for hashing and signing."""
    return canonical_text(machine, value)
