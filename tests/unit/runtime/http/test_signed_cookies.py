"""Cookie values that clients cannot change (signed) or read (encrypted)."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from soli_runtime.builtins.library import install_library
from soli_runtime.http.signed_cookies import seal, unseal

from soli_lang import Capabilities, Interpreter, SoliError
from soli_lang.machine.machine import Machine

SIGNED, ENCRYPTED = {"signed": True}, {"encrypted": True}


def machine(key: str | None = "k" * 32) -> Machine:
    environment = {"APP_KEY": key, "SOLI_APP_KEY": key} if key else {}
    capabilities = Capabilities(environment={k: v for k, v in environment.items() if v})
    return Interpreter(install_library, capabilities=capabilities).machine


@pytest.fixture
def one() -> Machine:
    return machine()


@pytest.mark.parametrize("options", [SIGNED, ENCRYPTED])
@pytest.mark.parametrize("value", ["text", 42, {"a": [1, None]}, ""])
def test_a_value_comes_back(one: Machine, options: dict[str, Any], value: Any) -> None:
    """Whatever has a JSON form."""
    sealed = seal(one, "cart", value, options)

    assert sealed is not None
    assert unseal(one, "cart", sealed, options) == value


@pytest.mark.parametrize("options", [SIGNED, ENCRYPTED])
def test_a_value_that_was_changed_is_null(one: Machine, options: dict[str, Any]) -> None:
    """At every place."""
    sealed = seal(one, "cart", "text", options)
    assert sealed is not None
    for at in range(0, len(sealed), 7):
        other = "A" if sealed[at] != "A" else "B"
        changed = sealed[:at] + other + sealed[at + 1 :]
        if changed.rstrip("=") != sealed.rstrip("="):
            assert unseal(one, "cart", changed, options) in (None, "text")
    assert unseal(one, "cart", "x" + sealed, options) is None
    assert unseal(one, "cart", "", options) is None


@pytest.mark.parametrize("options", [SIGNED, ENCRYPTED])
def test_a_value_of_another_cookie_is_null(one: Machine, options: dict[str, Any]) -> None:
    """The name is sealed in."""
    sealed = seal(one, "role", "admin", options)
    assert sealed is not None

    assert unseal(one, "name", sealed, options) is None


def test_a_signed_value_can_be_read_and_an_encrypted_one_cannot(one: Machine) -> None:
    """By whoever holds it."""
    signed, encrypted = seal(one, "c", "secret", SIGNED), seal(one, "c", "secret", ENCRYPTED)
    assert signed is not None
    assert encrypted is not None
    body = signed.rpartition(".")[0]

    assert "secret" in base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)).decode()
    assert "secret" not in encrypted


def test_without_options_nothing_is_sealed(one: Machine) -> None:
    """The cookie is as it is."""
    assert seal(one, "c", "text", {}) is None
    assert unseal(one, "c", "text", {}) == "text"


def test_without_a_key_there_is_an_error() -> None:
    """That names the builtin."""
    with pytest.raises(SoliError, match="set_cookie"):
        seal(machine(None), "c", "text", SIGNED)
