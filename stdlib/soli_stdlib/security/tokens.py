"""JSON Web Tokens (RFC 7519, RFC 7515; docs/spec §L21.6).

PyJWT does the cryptography. Claims are checked here, against the clock that programs see.
"""

from __future__ import annotations

import binascii
from typing import Any

from soli_lang.base.errors import SoliError, SoliPlainTypeError, SoliValueError
from soli_lang.machine.machine import Machine
from soli_lang.native.native import Any_, Hash, String, function
from soli_lang.values.kinds import type_name
from soli_lang.values.values import Symbol, Value

from ..ground import clock
from ..ground.arguments import option
from ..json.plain import NotEncodable
from ..json.text import decode, encode

MIN_SECRET_BYTES = 32
DEFAULT_LEEWAY = 60
"""Seconds by which the clocks of two machines may differ."""
MAX_TOKEN_LENGTH = 64 * 1024
HMAC_ALGORITHMS = ("HS256", "HS384", "HS512")
KEY_ALGORITHMS = ("RS256", "EdDSA")
"""Signed with a private key, verified with a public one: `key` is PEM."""
FIRST_CLAIMS = ("sub", "exp", "iat")
_TO_STANDARD = bytes.maketrans(b"-_", b"+/")

Claims = dict[str, Any]


class InvalidToken(Exception):
    """A token that is not to be trusted; the text says why."""


# --- signing --------------------------------------------------------------------------------------


@function(
    "jwt_sign",
    Hash("hash payload"),
    String("string secret"),
    Hash("hash options").optional(),
    linear=True,
)
def jwt_sign(
    machine: Machine, payload: dict[Any, Value], secret: str, options: dict[Any, Value] | None
) -> str:
    """A signed token with the claims of *payload* and of *options*."""
    options = options or {}
    algorithm = _algorithm(options, "jwt_sign")
    key = _key(options, secret, algorithm, "jwt_sign")
    header: Claims = {"typ": option(options, "typ", "JWT"), "alg": algorithm}
    if (kid := option(options, "kid")) is not None:
        header["kid"] = kid
    claims = _claims(machine, payload, options)
    signed = b".".join((_encoded(header), _encoded(claims)))
    machine.check_length(2 * len(signed))
    return b".".join((signed, _base64url(_sign(algorithm, key, signed)))).decode("ascii")


def _claims(machine: Machine, payload: dict[Any, Value], options: dict[Any, Value]) -> Claims:
    now = int(clock.now(machine))
    claims = {_name(key): value for key, value in payload.items() if isinstance(key, str | Symbol)}
    claims.pop("exp", None)
    lifetime = _whole(options, "expires_in")
    expiry = _whole(options, "exp")
    if lifetime is not None and expiry is not None:
        raise SoliValueError('jwt_sign() takes either "exp" or "expires_in", not both')
    if lifetime is not None:
        expiry = now + lifetime
    if expiry is not None:
        claims["exp"] = expiry
    claims["iat"] = now
    if (start := _whole(options, "nbf")) is not None:
        claims["nbf"] = start
    for name in ("aud", "iss", "jti"):
        if (value := option(options, name)) is not None:
            claims[name] = value
    return claims


def _name(key: str | Symbol) -> str:
    return key if isinstance(key, str) else key.name


def _whole(options: dict[Any, Value], name: str) -> int | None:
    value = option(options, name)
    if value is None or value.__class__ is int:
        return value
    raise SoliPlainTypeError(f'jwt_sign() option "{name}" must be an int, got {type_name(value)}')


def _algorithm(options: dict[Any, Value], user: str) -> str:
    algorithm = option(options, "algorithm", "HS256")
    if isinstance(algorithm, Symbol):
        algorithm = algorithm.name
    if algorithm not in HMAC_ALGORITHMS and algorithm not in KEY_ALGORITHMS:
        known = ", ".join((*HMAC_ALGORITHMS, *KEY_ALGORITHMS))
        raise SoliValueError(f'{user}() unsupported algorithm "{algorithm}" (expected {known})')
    return str(algorithm)


def _key(options: dict[Any, Value], secret: str, algorithm: str, user: str) -> str:
    """The secret, or the PEM in `key`. Raises for a secret that is too short."""
    if algorithm in HMAC_ALGORITHMS:
        length = len(secret.encode())
        if length < MIN_SECRET_BYTES:
            raise SoliValueError(
                f"{user}() secret must be at least {MIN_SECRET_BYTES} bytes for security"
                f" (got {length}); make one with Crypto.random_hex({MIN_SECRET_BYTES})"
            )
        return secret
    key = option(options, "key", secret)
    if not isinstance(key, str) or not key:
        raise SoliPlainTypeError(f'{user}() option "key" must be a PEM string')
    return key


def _sign(algorithm: str, key: str, signed: bytes) -> bytes:
    signer = _signer(algorithm)
    try:
        return bytes(signer.sign(signed, signer.prepare_key(key)))
    except SoliError:
        raise
    except Exception as error:  # PyJWT and cryptography raise many kinds for a bad PEM
        raise SoliValueError(f"jwt_sign() invalid key: {_reason(error)}") from None


def _signer(algorithm: str) -> Any:
    from jwt.algorithms import get_default_algorithms

    return get_default_algorithms()[algorithm]


def _reason(error: Exception) -> str:
    return str(error).partition("\n")[0] or type(error).__name__


# --- verifying ------------------------------------------------------------------------------------


@function(
    "jwt_verify",
    String("string token"),
    String("string secret"),
    Hash("hash options").optional(),
    linear=True,
)
def jwt_verify(
    machine: Machine, token: str, secret: str, options: dict[Any, Value] | None
) -> dict[str, Value]:
    """The claims, or `{"error": true, "message": …}` for what is no valid token, or expired."""
    options = options or {}
    try:
        header = _header(token)
    except InvalidToken as problem:
        return _failure(problem)
    algorithm = header.get("alg")
    allowed = _allowed(options)
    if algorithm not in allowed:
        raise SoliValueError(
            f'jwt_verify() algorithm "{algorithm}" is not allowed (expected {", ".join(allowed)})'
        )
    key = _key(options, secret, algorithm, "jwt_verify")
    try:
        claims = _verified(token, algorithm, key)
        _check_times(claims, int(clock.now(machine)), _leeway(options))
        _check_parties(claims, options)
    except InvalidToken as problem:
        return _failure(problem)
    return _ordered(claims)


def _allowed(options: dict[Any, Value]) -> tuple[str, ...]:
    """Decided by the verifier, never by the token: its header is the sender's word."""
    if option(options, "algorithm") is not None:
        return (_algorithm(options, "jwt_verify"),)
    return KEY_ALGORITHMS if option(options, "key") is not None else HMAC_ALGORITHMS


def _header(token: str) -> Claims:
    if len(token) > MAX_TOKEN_LENGTH or token.count(".") != 2:
        raise InvalidToken("InvalidToken")
    try:
        header = _decoded(token.partition(".")[0])
    except InvalidToken as problem:
        raise InvalidToken(f"Failed to parse JWT header: {problem}") from None
    if "crit" in header:
        raise InvalidToken("Failed to parse JWT header: unknown critical extension")
    return header


def _verified(token: str, algorithm: str, key: str) -> Claims:
    signed, _, signature = token.rpartition(".")
    signer = _signer(algorithm)
    try:
        prepared = signer.prepare_key(key)
    except Exception as error:  # as in _sign
        raise SoliValueError(f"jwt_verify() invalid key: {_reason(error)}") from None
    if not signer.verify(signed.encode(), prepared, _from_base64url(signature)):
        raise InvalidToken("InvalidSignature")
    return _decoded(signed.rpartition(".")[2])


def _check_times(claims: Claims, now: int, leeway: int) -> None:
    expiry, start = _time(claims, "exp"), _time(claims, "nbf")
    if expiry is not None and expiry < now - leeway:
        raise InvalidToken("ExpiredSignature")
    if start is not None and start > now + leeway:
        raise InvalidToken("ImmatureSignature")


def _time(claims: Claims, name: str) -> int | float | None:
    value = claims.get(name)
    if value is None or value.__class__ in (int, float):
        return value
    raise InvalidToken(f"Invalid claim format: {name}")


def _leeway(options: dict[Any, Value]) -> int:
    leeway = option(options, "leeway", DEFAULT_LEEWAY)
    if leeway.__class__ is not int or leeway < 0:
        raise SoliPlainTypeError('jwt_verify() option "leeway" must be an int of seconds')
    return int(leeway)


def _check_parties(claims: Claims, options: dict[Any, Value]) -> None:
    audience, given = _several(option(options, "audience")), _several(claims.get("aud"))
    # A token made for somebody is not for everybody: it needs a verifier who says who they are.
    if (audience or given) and not set(audience) & set(given):
        raise InvalidToken("InvalidAudience")
    for name, claim, problem in (
        ("issuer", "iss", "InvalidIssuer"),
        ("subject", "sub", "InvalidSubject"),
    ):
        wanted = _several(option(options, name))
        if wanted and claims.get(claim) not in wanted:
            raise InvalidToken(problem)


def _several(value: Value) -> list[str]:
    values = value if isinstance(value, list) else [] if value is None else [value]
    return [item for item in values if isinstance(item, str)]


def _ordered(claims: Claims) -> Claims:
    first = {name: claims[name] for name in FIRST_CLAIMS if name in claims}
    return {**first, **claims}


def _failure(problem: InvalidToken) -> dict[str, Value]:
    return {"error": True, "message": str(problem)}


@function("jwt_decode_unsafe", String("string token"), linear=True)
def jwt_decode_unsafe(token: str) -> dict[str, Value]:
    """`{"unverified": true, "claims": …}` without looking at the signature, or the error hash."""
    try:
        if len(token) > MAX_TOKEN_LENGTH or token.count(".") != 2:
            raise InvalidToken("InvalidToken")
        header, payload, _ = token.split(".")
        _decoded(header)
        return {"unverified": True, "claims": _ordered(_decoded(payload))}
    except InvalidToken as problem:
        return _failure(problem)


@function("jwt_decode", Any_.rest())
def jwt_decode(*_: Value) -> Value:
    """Removed: it invited programs to trust claims that nobody had verified."""
    raise SoliError("jwt_decode() has been removed. Use jwt_verify() or jwt_decode_unsafe().")


# --- text -----------------------------------------------------------------------------------------


def _encoded(value: Claims) -> bytes:
    try:
        return _base64url(encode(value, MAX_TOKEN_LENGTH).encode())
    except NotEncodable as error:
        raise SoliValueError(f"jwt_sign() cannot encode payload: {error.message}") from None


def _base64url(data: bytes) -> bytes:
    text = binascii.b2a_base64(data, newline=False)
    return text.rstrip(b"=").replace(b"+", b"-").replace(b"/", b"_")


def _from_base64url(text: str) -> bytes:
    try:
        data = text.encode("ascii").translate(_TO_STANDARD)
        return binascii.a2b_base64(data + b"=" * (-len(data) % 4), strict_mode=True)
    except (binascii.Error, UnicodeEncodeError):
        raise InvalidToken("InvalidToken") from None


def _decoded(part: str) -> Claims:
    """The JSON object in one part of a token."""
    try:
        value = decode(_from_base64url(part).decode())
    except (SoliValueError, UnicodeDecodeError):
        raise InvalidToken("InvalidToken") from None
    if not isinstance(value, dict):
        raise InvalidToken("InvalidToken")
    return value
