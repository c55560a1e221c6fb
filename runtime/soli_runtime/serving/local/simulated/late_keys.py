"""`KV` as a store has it that processes share: each command is one step, some time later."""

from __future__ import annotations

import asyncio
from random import Random

from soli_stdlib.stores.remote_key_values import HERE, MODULES

from soli_lang.base.records import changed
from soli_lang.machine.machine import Machine
from soli_lang.native.argument_checks import with_defaults
from soli_lang.native.native import Declaration, declarations, install
from soli_lang.values.values import Value

LEAST_SECONDS, MOST_SECONDS = 0.001, 0.005
USER = "KV"


def install_late_keys(machine: Machine, delays: Random) -> None:
    """Let programs on *machine* wait for `KV`, as long as *delays* says."""
    for module in MODULES:
        for declaration in declarations(module):
            if declaration.owner == USER and declaration.names[0] not in HERE:
                install(machine, [_late(declaration, delays)])


def _late(declaration: Declaration, delays: Random) -> Declaration:
    code = with_defaults(declaration.code, declaration.args)

    def ask(machine: Machine, *arguments: Value) -> Value:
        seconds = delays.uniform(LEAST_SECONDS, MOST_SECONDS)
        machine.suspend(asyncio.sleep(seconds), USER)
        first = (machine,) if declaration.takes_machine else ()
        return code(*first, *arguments)

    return changed(declaration, code=ask, takes_machine=True)
