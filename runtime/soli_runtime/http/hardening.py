"""Switches of an app that concern all its answers (docs/spec §L24.8)."""

from __future__ import annotations

from soli_lang.base.errors import SoliValueError
from soli_lang.base.records import Record, field
from soli_lang.machine.keys import MachineKey
from soli_lang.machine.machine import Machine
from soli_lang.native.native import Any_, Int, String, function
from soli_lang.values.values import Value

DEFAULT_MAX_BODY_BYTES = 8 * 1024 * 1024

SECURITY_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "SAMEORIGIN",
    "Referrer-Policy": "strict-origin-when-cross-origin",
}


class Hardening(Record):
    """What the program has switched on."""

    max_body_bytes: int = DEFAULT_MAX_BODY_BYTES
    secure_cookies: bool = False
    headers: dict[str, str] = field(default_factory=dict)
    """Sent with every answer of an action that does not set them itself."""


_HARDENING: MachineKey[Hardening] = MachineKey("soli_runtime.hardening")


def hardening_of(machine: Machine) -> Hardening:
    """The switches of the program that runs on *machine*."""
    found = machine.library.get(_HARDENING)
    if found is None:
        found = machine.library[_HARDENING] = Hardening()
    return found


@function("set_max_body_size", Int("int bytes"))
def set_max_body_size(machine: Machine, size: int) -> None:
    """Refuse request bodies of more than *size* bytes (413)."""
    if size <= 0:
        raise SoliValueError("set_max_body_size() expects a positive number of bytes")
    hardening_of(machine).max_body_bytes = size


@function("max_body_size")
def max_body_size(machine: Machine) -> int:
    """The largest request body, in bytes."""
    return hardening_of(machine).max_body_bytes


@function("enable_security_headers")
def enable_security_headers(machine: Machine) -> None:
    """Send the usual security headers with every answer."""
    hardening_of(machine).headers.update(SECURITY_HEADERS)


@function("disable_security_headers")
def disable_security_headers(machine: Machine) -> None:
    """Send no headers of its own any more."""
    hardening_of(machine).headers.clear()


@function("set_csp", String("string policy"))
def set_csp(machine: Machine, policy: str) -> None:
    """Send a Content-Security-Policy with every answer."""
    hardening_of(machine).headers["Content-Security-Policy"] = " ".join(policy.split())


@function("set_hsts", Int("int seconds"), Any_.optional())
def set_hsts(machine: Machine, seconds: int, subdomains: Value) -> None:
    """Tell browsers to use HTTPS only, for *seconds*."""
    rest = "; includeSubDomains" if subdomains else ""
    hardening_of(machine).headers["Strict-Transport-Security"] = f"max-age={seconds}{rest}"


@function("enable_force_secure_cookies")
def enable_force_secure_cookies(machine: Machine) -> None:
    """Mark every cookie `Secure`."""
    hardening_of(machine).secure_cookies = True


@function("disable_force_secure_cookies")
def disable_force_secure_cookies(machine: Machine) -> None:
    """Mark cookies `Secure` only where they ask for it."""
    hardening_of(machine).secure_cookies = False


def _proxy_switch(name: str) -> None:
    raise SoliValueError(f"{name}: trusted proxies are a setting of the server (--trusted-proxies)")


@function("enable_trust_proxy")
def enable_trust_proxy() -> None:
    """Refused: a program cannot know which proxies it is behind."""
    _proxy_switch("enable_trust_proxy")


@function("disable_trust_proxy")
def disable_trust_proxy() -> None:
    """Refused, as `enable_trust_proxy` is."""
    _proxy_switch("disable_trust_proxy")


@function("trust_proxy_enabled")
def trust_proxy_enabled() -> bool:
    """False: see the setting `trusted-proxies`."""
    return False
