"""The current locale of a program, and the zone of its wall clock."""

from __future__ import annotations

from datetime import UTC, tzinfo

from soli_lang.machine.keys import MachineKey
from soli_lang.machine.machine import Machine
from soli_lang.native.native import String, function, static

_LOCALE: MachineKey[str] = MachineKey("locale")
ZONE: MachineKey[tzinfo] = MachineKey("zone")
DEFAULT_LOCALE = "en"
ZONE_SERVICE = "timezone"
"""Name of the host service that holds the zone's name (`Europe/Vienna`)."""


def current_locale(machine: Machine) -> str:
    """The locale that this request, message or job chose; else the program's, `en` at first."""
    return machine.local.get(_LOCALE) or machine.library.get(_LOCALE, DEFAULT_LOCALE)


def zone(machine: Machine) -> tzinfo:
    """The zone of DateTime's wall clock: the host's `timezone`, else UTC (docs/spec §L15)."""
    chosen = machine.library.get(ZONE)
    if chosen is None:
        chosen = machine.library[ZONE] = _zone(machine.capabilities.services.get(ZONE_SERVICE))
    return chosen


def _zone(name: str | tzinfo | None) -> tzinfo:
    if isinstance(name, tzinfo):
        return name
    if not name or name == "UTC":
        return UTC
    from zoneinfo import ZoneInfo

    return ZoneInfo(name)


@static("I18n", "locale")
@function("locale")
def locale(machine: Machine) -> str:
    """The current locale's name."""
    return current_locale(machine)


@static("I18n", "set_locale", String(noun="string locale"))
@function("set_locale", String(noun="string locale"))
def set_locale(machine: Machine, name: str) -> str:
    """Choose the locale of `time_ago`, `humanize` and `I18n`; returns its name.

    While a request, a message or a job is handled it is that one's only; a program chooses for all
    of them while it is loaded.
    """
    chosen = machine.local or machine.library
    chosen[_LOCALE] = name
    return name
