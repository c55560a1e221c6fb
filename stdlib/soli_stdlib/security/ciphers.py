"""Encryption, key pairs and one-time passwords (docs/spec §L17)."""

from __future__ import annotations

import binascii
from typing import Any

from soli_lang.base.errors import SoliValueError
from soli_lang.machine.machine import Machine
from soli_lang.native.native import Int, String, function, static
from soli_lang.values.values import Value

APP_KEY_SERVICE = "app_key"
"""Host service: the key of `encrypt` and `decrypt` when a program names none."""
APP_KEY_VARIABLE = "SOLI_APP_KEY"
_PREFIX = "v1."
_NONCE_BYTES = 12
_PURPOSE = b"soli Crypto.encrypt v1"
CODE_DIGITS = 6
MAX_SECRET = 1024
"""Characters of a Base32 secret."""
DEFAULT_PERIOD = 30
CLOCK_DRIFT_STEPS = 1
"""Periods before and after the current one in which `totp_verify` takes a code."""


# --- AES-256-GCM ----------------------------------------------------------------------------------


def app_key(machine: Machine, name: str) -> str:
    """The application's key. Raises SoliValueError when the host gave none."""
    key = machine.capabilities.services.get(APP_KEY_SERVICE)
    if not key:
        key = (machine.capabilities.environment or {}).get(APP_KEY_VARIABLE)
    if not key:
        raise SoliValueError(f"{name}() needs a key (set {APP_KEY_VARIABLE} or pass one)")
    return str(key)


def seal(text: str, key: str) -> str:
    """*text* encrypted and authenticated with AES-256-GCM under a key derived from *key*."""
    import secrets

    nonce = secrets.token_bytes(_NONCE_BYTES)
    sealed = nonce + _cipher(key).encrypt(nonce, text.encode(), None)
    return _PREFIX + _base64url(sealed)


def unseal(text: str, key: str) -> str | None:
    """What `seal` was given; None when *text* or *key* is not right."""
    from cryptography.exceptions import InvalidTag

    try:
        if not text.startswith(_PREFIX):
            return None
        body = text[len(_PREFIX) :].encode("ascii").translate(_FROM_URLSAFE)
        data = binascii.a2b_base64(body + b"=" * (-len(body) % 4), strict_mode=True)
        if text != _PREFIX + _base64url(data):
            return None  # the spare bits of the last digit are no place for changes either
        nonce, sealed = data[:_NONCE_BYTES], data[_NONCE_BYTES:]
        return str(_cipher(key).decrypt(nonce, sealed, None), "utf-8")
    except (InvalidTag, ValueError, UnicodeError):
        return None


_FROM_URLSAFE = bytes.maketrans(b"-_", b"+/")


def _base64url(data: bytes) -> str:
    text = binascii.b2a_base64(data, newline=False).decode("ascii")
    return text.rstrip("=").replace("+", "-").replace("/", "_")


def _cipher(key: str) -> Any:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.kdf.hkdf import HKDF

    derived = HKDF(algorithm=SHA256(), length=32, salt=None, info=_PURPOSE)
    return AESGCM(derived.derive(key.encode()))


@static("Crypto", "encrypt", String, String.optional(), linear=True)
def encrypt(machine: Machine, text: str, key: str | None) -> str:
    """*text* in AES-256-GCM, as text; *key* is the application's unless given."""
    machine.check_length(2 * len(text) + 64)
    return seal(text, key or app_key(machine, "Crypto.encrypt"))


@static("Crypto", "decrypt", String, String.optional(), linear=True)
def decrypt(machine: Machine, text: str, key: str | None) -> str:
    """The reverse of `encrypt`. Raises when the key is wrong or the text was changed."""
    plain = unseal(text, key or app_key(machine, "Crypto.decrypt"))
    if plain is None:
        raise SoliValueError("Crypto.decrypt() failed: wrong key or corrupted data")
    return plain


# --- one-time passwords, RFC 6238 -----------------------------------------------------------------


def _secret(text: str, name: str) -> bytes:
    """The bytes of a Base32 secret, spaces and missing padding allowed."""
    import base64

    if len(text) > MAX_SECRET:
        raise SoliValueError(f"Crypto.{name}() secret too long")
    bare = text.replace(" ", "").rstrip("=").upper()
    try:
        return base64.b32decode(bare + "=" * (-len(bare) % 8))
    except (binascii.Error, ValueError):
        raise SoliValueError(f"Crypto.{name}() invalid Base32 secret") from None


def _step(time: int, period: int, name: str) -> int:
    if period <= 0:
        raise SoliValueError(f"Crypto.{name}() expects a positive period, got {period}")
    if time < 0:
        raise SoliValueError(f"Crypto.{name}() expects a time since 1970, got {time}")
    return time // period


def _code(secret: bytes, step: int) -> str:
    """RFC 4226 §5.3: dynamic truncation of HMAC-SHA1."""
    import hmac

    digest = hmac.digest(secret, step.to_bytes(8, "big"), "sha1")
    offset = digest[-1] & 0x0F
    number = int.from_bytes(digest[offset : offset + 4], "big") & 0x7FFF_FFFF
    return f"{number % 10**CODE_DIGITS:0{CODE_DIGITS}d}"


@static("Crypto", "totp_generate", String, Int, Int.optional(DEFAULT_PERIOD))
def totp_generate(secret: str, time: int, period: int) -> str:
    """The six digits for the Unix second *time*."""
    return _code(_secret(secret, "totp_generate"), _step(time, period, "totp_generate"))


@static("Crypto", "totp_verify", String, String, Int, Int.optional(DEFAULT_PERIOD), linear=True)
def totp_verify(secret: str, code: str, time: int, period: int) -> bool:
    """Whether *code* is right at *time*, one period early or late included."""
    import hmac

    key = _secret(secret, "totp_verify")
    step = _step(time, period, "totp_verify")
    matched = False
    for drift in range(-CLOCK_DRIFT_STEPS, CLOCK_DRIFT_STEPS + 1):
        if step + drift >= 0:
            # No early exit: the time taken must not tell which step matched.
            matched |= hmac.compare_digest(_code(key, step + drift).encode(), code.encode())
    return matched


@static("Crypto", "totp_uri", String, String, String, Int.optional(DEFAULT_PERIOD), linear=True)
def totp_uri(secret: str, account: str, issuer: str, period: int) -> str:
    """An `otpauth:` URI for authenticator apps."""
    from ..text.markup import percent_encode

    label = f"{percent_encode(issuer)}:{percent_encode(account)}"
    query = f"secret={percent_encode(secret)}&issuer={percent_encode(issuer)}"
    tail = f"&algorithm=SHA1&digits={CODE_DIGITS}&period={period}"
    return f"otpauth://totp/{label}?{query}{tail}"


# --- key pairs ------------------------------------------------------------------------------------


def _pair(private: Any) -> dict[str, Value]:
    return {
        "public": private.public_key().public_bytes_raw().hex(),
        "private": private.private_bytes_raw().hex(),
    }


@static("Crypto", "ed25519_keypair")
@function("ed25519_keypair")
def ed25519_keypair() -> dict[str, Value]:
    """`{"public": hex, "private": hex}`"""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    return _pair(Ed25519PrivateKey.generate())


@static("Crypto", "x25519_keypair")
@function("x25519_keypair")
def x25519_keypair() -> dict[str, Value]:
    """`{"public": hex, "private": hex}`"""
    from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

    return _pair(X25519PrivateKey.generate())


_LONGEST_KEY = 1024
"""Characters of a key in hex, spaces included."""


def _key(text: str, name: str) -> bytes:
    try:
        key = bytes.fromhex(text) if len(text) <= _LONGEST_KEY else b""
    except ValueError:
        key = b""
    if len(key) != 32:
        raise SoliValueError(f"{name}() expects a key of 64 hex digits")
    return key


@static("Crypto", "x25519_public_key", String)
@function("x25519_public_key", String)
def x25519_public_key(private: str) -> str:
    """The public key of a private one, both in hex."""
    from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

    key = X25519PrivateKey.from_private_bytes(_key(private, "x25519_public_key"))
    return key.public_key().public_bytes_raw().hex()


@static("Crypto", "x25519_shared_secret", String, String)
@function("x25519_shared_secret", String, String)
def x25519_shared_secret(private: str, public: str) -> str:
    """The secret that two key pairs share, in hex."""
    from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey

    name = "x25519_shared_secret"
    key = X25519PrivateKey.from_private_bytes(_key(private, name))
    try:
        return key.exchange(X25519PublicKey.from_public_bytes(_key(public, name))).hex()
    except ValueError:
        raise SoliValueError(f"{name}() got an unusable public key") from None
