"""JSON Web Tokens (docs/spec §L21.6)."""

from __future__ import annotations

import base64
import json

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa

from soli_lang.values.values import Symbol

from ..installed import Library

SECRET = "s" * 32
NOW = 1_700_000_000


@pytest.fixture
def soli() -> Library:
    return Library()


def pems(private: object) -> tuple[str, str]:
    """A key pair as PEM texts."""
    secret = private.private_bytes(  # type: ignore[attr-defined]
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    public = private.public_key().public_bytes(  # type: ignore[attr-defined]
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return secret.decode(), public.decode()


def forged(header: dict[str, object], claims: dict[str, object], signature: str = "") -> str:
    """A token put together by hand."""
    parts = [
        base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=")
        for part in (header, claims)
    ]
    return ".".join((*parts, signature))


def test_tokens_are_read_by_other_libraries(soli: Library) -> None:
    """What jwt_sign writes, PyJWT verifies."""
    soli.time = 4_000_000_000
    token = soli.call("jwt_sign", {"sub": "7", Symbol("role"): Symbol("admin")}, SECRET)
    claims = jwt.decode(token, SECRET, algorithms=["HS256"], options={"verify_iat": False})
    assert claims == {"sub": "7", "role": "admin", "iat": 4_000_000_000}


def test_claims_come_back_in_order(soli: Library) -> None:
    """sub, exp and iat come first."""
    token = soli.call("jwt_sign", {"b": 1, "sub": "7"}, SECRET, {"expires_in": 60})
    claims = soli.call("jwt_verify", token, SECRET)
    assert list(claims.items()) == [("sub", "7"), ("exp", NOW + 60), ("iat", NOW), ("b", 1)]


def test_options_become_claims_and_header(soli: Library) -> None:
    """exp and iat of the payload are ignored, options count."""
    options = {"exp": NOW + 9, "nbf": NOW, "aud": "a", "iss": "i", "jti": "j", "kid": "k"}
    token = soli.call("jwt_sign", {"exp": 1, "iat": 1}, SECRET, {**options, "typ": "at+jwt"})
    claims = soli.call("jwt_verify", token, SECRET, {"audience": "a", "issuer": "i"})
    expected = {"exp": NOW + 9, "iat": NOW, "nbf": NOW, "aud": "a", "iss": "i", "jti": "j"}
    assert claims == expected
    assert jwt.get_unverified_header(token) == {"typ": "at+jwt", "alg": "HS256", "kid": "k"}


@pytest.mark.parametrize("algorithm", ["HS256", "HS384", "HS512"])
def test_hmac_algorithms(soli: Library, algorithm: str) -> None:
    """Any of the three signs, and is taken without being asked for."""
    token = soli.call("jwt_sign", {"a": 1}, SECRET, {"algorithm": algorithm})
    assert soli.call("jwt_verify", token, SECRET)["a"] == 1


@pytest.mark.parametrize("algorithm", ["RS256", "EdDSA"])
def test_key_pair_algorithms(soli: Library, algorithm: str) -> None:
    """Signed with the private key, verified with the public one."""
    key = (
        rsa.generate_private_key(public_exponent=65537, key_size=2048)
        if algorithm == "RS256"
        else ed25519.Ed25519PrivateKey.generate()
    )
    private, public = pems(key)
    token = soli.call("jwt_sign", {"a": 1}, "", {"algorithm": algorithm, "key": private})
    assert soli.call("jwt_verify", token, "", {"algorithm": algorithm, "key": public})["a"] == 1
    assert soli.call("jwt_verify", token, "", {"key": public})["a"] == 1


def test_short_secrets_are_refused(soli: Library) -> None:
    """An HMAC secret has at least 32 bytes."""
    start = "jwt_sign() secret must be at least 32 bytes for security (got 31); "
    assert soli.failure("jwt_sign", {}, "s" * 31).startswith(start)
    token = soli.call("jwt_sign", {}, SECRET)
    assert "jwt_verify() secret must be at least 32" in soli.failure("jwt_verify", token, "short")


def test_two_lifetimes_are_refused(soli: Library) -> None:
    """exp and expires_in exclude each other."""
    failure = soli.failure("jwt_sign", {}, SECRET, {"exp": 1, "expires_in": 1})
    assert failure == 'jwt_sign() takes either "exp" or "expires_in", not both'


@pytest.mark.parametrize(("late", "message"), [(60, None), (61, "ExpiredSignature")])
def test_expiry_has_a_leeway_of_a_minute(soli: Library, late: int, message: str | None) -> None:
    """A token expires 60 seconds after its exp."""
    token = soli.call("jwt_sign", {}, SECRET, {"exp": NOW})
    soli.time = NOW + late
    result = soli.call("jwt_verify", token, SECRET)
    assert result.get("message") == message
    assert result.get("error") is (None if message is None else True)


def test_the_leeway_can_be_set(soli: Library) -> None:
    """leeway 0 is exact."""
    token = soli.call("jwt_sign", {}, SECRET, {"exp": NOW - 1})
    assert soli.call("jwt_verify", token, SECRET, {"leeway": 0})["error"] is True


def test_tokens_from_the_future_are_refused(soli: Library) -> None:
    """nbf is checked."""
    token = soli.call("jwt_sign", {}, SECRET, {"nbf": NOW + 61})
    assert soli.call("jwt_verify", token, SECRET)["message"] == "ImmatureSignature"


def test_changed_tokens_are_refused(soli: Library) -> None:
    """Another secret or payload does not verify."""
    token = soli.call("jwt_sign", {"a": 1}, SECRET)
    head, _, tail = token.split(".")
    other = soli.call("jwt_sign", {"a": 2}, SECRET).split(".")[1]
    expected = {"error": True, "message": "InvalidSignature"}
    assert soli.call("jwt_verify", token, "t" * 32) == expected
    assert soli.call("jwt_verify", f"{head}.{other}.{tail}", SECRET) == expected
    assert soli.call("jwt_verify", f"{head}.{other}.*", SECRET)["message"] == "InvalidToken"


@pytest.mark.parametrize("algorithm", ["none", "RS256", None])
def test_the_token_does_not_choose_the_algorithm(soli: Library, algorithm: str | None) -> None:
    """An unsigned token, or one of another family, raises."""
    token = forged({"alg": algorithm, "typ": "JWT"}, {"sub": "admin"})
    assert "is not allowed" in soli.failure("jwt_verify", token, SECRET)


def test_a_public_key_is_no_secret(soli: Library) -> None:
    """A token signed by HMAC with the public PEM is not taken for RS256."""
    _, public = pems(rsa.generate_private_key(public_exponent=65537, key_size=2048))
    token = forged({"alg": "HS256"}, {"sub": "admin"}, "AAAA")
    assert "is not allowed" in soli.failure("jwt_verify", token, "", {"key": public})


@pytest.mark.parametrize("token", ["", "a.b", "nonsense", "a.b.c", "é.b.c", "W10.e30.x"])
def test_what_is_no_token_is_refused_like_a_wrong_one(soli: Library, token: str) -> None:
    """Nonsense and an unreadable header are words of a client, no errors of the program."""
    result = soli.call("jwt_verify", token, SECRET)
    assert result["error"] is True
    assert result["message"].startswith(("InvalidToken", "Failed to parse JWT header: "))


def test_audience_issuer_and_subject(soli: Library) -> None:
    """A token for somebody needs a verifier who is meant."""
    token = soli.call("jwt_sign", {"sub": "u"}, SECRET, {"aud": ["a", "b"], "iss": "i"})

    def message(**options: object) -> object:
        return soli.call("jwt_verify", token, SECRET, options).get("message")

    assert message(audience="b", issuer="i", subject="u") is None
    assert message() == "InvalidAudience"
    assert message(audience="c") == "InvalidAudience"
    assert message(audience=["a"], issuer="x") == "InvalidIssuer"
    assert message(audience="a", subject="x") == "InvalidSubject"


def test_reading_without_verifying(soli: Library) -> None:
    """jwt_decode_unsafe says that it did not verify."""
    token = soli.call("jwt_sign", {"sub": "7"}, SECRET)
    expected = {"unverified": True, "claims": {"sub": "7", "iat": NOW}}
    assert soli.call("jwt_decode_unsafe", token) == expected
    assert soli.call("jwt_decode_unsafe", "a.b.c") == {"error": True, "message": "InvalidToken"}


def test_removed_and_mistyped_calls(soli: Library) -> None:
    """jwt_decode is gone; arguments have types."""
    assert soli.failure("jwt_decode", "x").startswith("jwt_decode() has been removed")
    assert soli.failure("jwt_sign", 5, SECRET) == "jwt_sign() expects hash payload, got int"
    assert soli.failure("jwt_verify", 5, SECRET) == "jwt_verify() expects string token, got int"
    bad = soli.failure("jwt_sign", {}, SECRET, {"algorithm": "HS1"})
    assert bad.startswith('jwt_sign() unsupported algorithm "HS1"')
    assert "invalid key" in soli.failure("jwt_sign", {}, "", {"algorithm": "RS256", "key": "x"})
