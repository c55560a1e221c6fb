"""Soli's JSON, for those who embed a program and read and write it."""

from __future__ import annotations

from collections.abc import Callable

from soli_lang.base.records import Record
from soli_lang.machine.keys import MachineKey
from soli_lang.machine.machine import Machine
from soli_lang.values.values import Value


class JsonCodec(Record, frozen=True):
    """Soli's JSON rules."""

    encode: Callable[[Value], str]
    decode: Callable[[str], Value]


JSON: MachineKey[JsonCodec] = MachineKey("json")


def json_codec(machine: Machine) -> JsonCodec:
    """The codec of a machine that its host has set up."""
    return machine.library[JSON]
