"""Where random numbers come from: the host's generator, else the operating system's.

A host that sets the capability `random` (a seeded one, in tests) gets repeatable ids, tokens,
samples and shuffles. Keys and nonces of ciphers never come from it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from soli_lang.machine.keys import MachineKey
from soli_lang.machine.machine import Machine

if TYPE_CHECKING:
    from random import Random

_KEY: MachineKey[Random] = MachineKey("random")


def of(machine: Machine) -> Random:
    """The generator of this interpreter."""
    generator = machine.capabilities.random or machine.library.get(_KEY)
    if generator is None:
        from random import SystemRandom

        generator = machine.library[_KEY] = SystemRandom()
    return generator


def random_bytes(machine: Machine, count: int) -> bytes:
    return of(machine).randbytes(count)
