"""Hashing, passwords, random values, ciphers, one-time passwords (docs/spec §L17)."""

from __future__ import annotations

from decimal import Decimal
from random import Random

import pytest

from soli_lang.base.limits import Limits
from soli_lang.values.values import Symbol

from ..installed import Library


@pytest.fixture
def soli() -> Library:
    return Library()


@pytest.mark.parametrize("prefix", ["", "Crypto."])
def test_digests(soli: Library, prefix: str) -> None:
    """Digests are lowercase hex, as global functions and on Crypto."""
    sha = "9ad54abddfc04f9e78f155436dc4398ee8d64d2a669258b266978615ab11a395"
    assert soli.call(f"{prefix}sha256", "soli") == sha
    assert soli.call(f"{prefix}md5", "soli") == "f3951a7dbed0456a73ce4741fca81191"
    assert len(soli.call(f"{prefix}sha512", "soli")) == 128
    mac = "2d93cbc1be167bcb1637a4a23cbff01a7878f0c50ee833954ea5221bb1b8c628"
    assert soli.call(f"{prefix}hmac", "msg", "key") == mac


def test_digests_of_other_values_fail_in_their_own_name(soli: Library) -> None:
    """The error names the function as it was called."""
    assert soli.failure("sha256", 5) == "sha256() expects string, got int"
    assert soli.failure("Crypto.sha256", None) == "Crypto.sha256() expects string, got null"


def test_secure_compare(soli: Library) -> None:
    """Texts of any length and script are compared."""
    assert soli.call("secure_compare", "é", "é") is True
    assert soli.call("secure_compare", "a", "ab") is False


def test_passwords_round_trip(soli: Library) -> None:
    """A hash is Argon2id, salted, and verifies its own password only."""
    stored = soli.call("password_hash", "geheim")
    assert stored.startswith("$argon2id$")
    assert stored != soli.call("Crypto.argon2_hash", "geheim")
    assert soli.call("password_verify", "geheim", stored) is True
    assert soli.call("argon2_verify", "Geheim", stored) is False


@pytest.mark.parametrize(
    "stored",
    [
        "",
        "plain",
        "$argon2id$v=19$m=8,t=1,p=1$x$y",
        "$argon2id$v=19$m=4194304,t=1,p=1$c2FsdHNhbHQ$aGFzaGhhc2g",
    ],
)
def test_malformed_or_costly_hashes_are_refused(soli: Library, stored: str) -> None:
    """A text that is no hash, or one planted to cost gigabytes, raises."""
    assert soli.failure("password_verify", "x", stored).startswith("password_verify() invalid hash")


def test_random_values_have_the_length_asked_for(soli: Library) -> None:
    """n bytes are 2n hex digits, n Ints, or their Base64."""
    assert len(soli.call("Crypto.random_hex", 16)) == 32
    assert len(soli.call("Crypto.random_bytes", 3)) == 3
    assert len(soli.call("Crypto.random_token")) == 43


@pytest.mark.parametrize("count", [0, -1, 1025])
def test_random_values_are_bounded(soli: Library, count: int) -> None:
    """Between 1 and 1024 bytes."""
    assert soli.failure("Crypto.random_hex", count) == (
        f"Crypto.random_hex() expects a byte count between 1 and 1024, got {count}"
    )
    assert len(soli.call("Crypto.random_hex", 1024)) == 2048


def test_a_host_may_seed_randomness() -> None:
    """Two interpreters with the same seed draw the same values."""
    first, second = Library(random=Random(7)), Library(random=Random(7))
    for name in ("Math.random", "uuid_v4", "nanoid", "Crypto.random_token", "ulid"):
        assert first.call(name) == second.call(name)


def test_encryption_round_trips(soli: Library) -> None:
    """decrypt returns the text, for the right key only."""
    sealed = soli.call("Crypto.encrypt", "grüße", "k1")
    assert sealed != soli.call("Crypto.encrypt", "grüße", "k1")
    assert soli.call("Crypto.decrypt", sealed, "k1") == "grüße"
    message = "Crypto.decrypt() failed: wrong key or corrupted data"
    assert soli.failure("Crypto.decrypt", sealed, "k2") == message
    for broken in ("", "v1.", "v1.é", sealed[:-2], sealed + "A", "v2" + sealed[2:]):
        assert soli.failure("Crypto.decrypt", broken, "k1") == message


def test_the_application_key_is_the_default() -> None:
    """Without a key the host's counts; without that encrypt says what is missing."""
    soli = Library(environment={"SOLI_APP_KEY": "app"})
    assert soli.call("Crypto.decrypt", soli.call("Crypto.encrypt", "x"), "app") == "x"
    assert Library().failure("Crypto.encrypt", "x").startswith("Crypto.encrypt() needs a key")


def test_canonical_json(soli: Library) -> None:
    """Keys are sorted, Floats in display form, Decimals bare."""
    value = {"b": [1.0, Decimal("1.50"), None], "a": {"é": "x\n", "Z": True}, Symbol("c"): 1e21}
    expected = '{"a":{"Z":true,"é":"x\\n"},"b":[1,1.50,null],"c":1000000000000000000000}'
    assert soli.call("Crypto.canonical_json", value) == expected


def test_canonical_json_refuses_what_has_no_single_form(soli: Library) -> None:
    """NaN, functions and cycles fail."""
    cycle: list[object] = []
    cycle.append(cycle)
    assert "NaN" in soli.failure("Crypto.canonical_json", float("nan"))
    assert soli.failure("Crypto.canonical_json", soli.machine.globals["h"]) == (
        "Cannot convert Function to JSON"
    )
    assert "too deeply" in soli.failure("Crypto.canonical_json", cycle)


def test_canonical_json_of_shared_items_is_bounded() -> None:
    """Forty arrays of two equal items would be a terabyte of text."""
    value: list[object] = []
    for _ in range(40):
        value = [value, value]
    soli = Library(limits=Limits(max_value_bytes=10_000))
    assert "value too large" in soli.failure("Crypto.canonical_json", value)


RFC_SECRET = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"


@pytest.mark.parametrize(
    ("time", "code"), [(59, "287082"), (1111111109, "081804"), (20000000000, "353130")]
)
def test_one_time_passwords_of_rfc_6238(soli: Library, time: int, code: str) -> None:
    """The vectors of RFC 6238, last six digits."""
    assert soli.call("Crypto.totp_generate", RFC_SECRET, time) == code
    assert soli.call("Crypto.totp_verify", RFC_SECRET, code, time + 30) is True
    assert soli.call("Crypto.totp_verify", RFC_SECRET, code, time + 90) is False


def test_one_time_password_uri(soli: Library) -> None:
    """Names are escaped."""
    assert soli.call("Crypto.totp_uri", "ABC", "a b@c", "My App") == (
        "otpauth://totp/My%20App:a%20b%40c?secret=ABC&issuer=My%20App"
        "&algorithm=SHA1&digits=6&period=30"
    )


def test_one_time_passwords_refuse_nonsense(soli: Library) -> None:
    """A secret must be Base32, a period positive."""
    assert soli.failure("Crypto.totp_generate", "1!", 0) == (
        "Crypto.totp_generate() invalid Base32 secret"
    )
    assert "positive period" in soli.failure("Crypto.totp_generate", RFC_SECRET, 0, 0)


def test_key_agreement(soli: Library) -> None:
    """Both sides of an X25519 exchange get the same secret."""
    left, right = soli.call("x25519_keypair"), soli.call("x25519_keypair")
    assert soli.call("x25519_public_key", left["private"]) == left["public"]
    one = soli.call("x25519_shared_secret", left["private"], right["public"])
    assert one == soli.call("x25519_shared_secret", right["private"], left["public"])
    assert "64 hex digits" in soli.failure("x25519_shared_secret", "zz", "00")
    assert "unusable" in soli.failure("x25519_shared_secret", left["private"], "00" * 32)


def test_signing_keys_are_32_bytes_each(soli: Library) -> None:
    """ed25519_keypair returns hex."""
    assert [len(key) for key in soli.call("ed25519_keypair").values()] == [64, 64]


def test_rare_functions_say_that_they_are_missing(soli: Library) -> None:
    """A T3 function that is not there says so when called."""
    assert soli.failure("Crypto.modexp", 1, 2, 3) == "Crypto.modexp is not supported"


def test_a_sealed_text_has_one_spelling() -> None:
    """The spare bits of the last digit cannot be changed unnoticed (RFC 4648 section 3.5)."""
    from soli_stdlib.security import ciphers

    digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    for length in range(6):
        sealed = ciphers.seal("x" * length, "a key")
        spellings = [sealed[:-1] + digit for digit in digits]
        accepted = [text for text in spellings if ciphers.unseal(text, "a key") is not None]
        assert accepted == [sealed]
