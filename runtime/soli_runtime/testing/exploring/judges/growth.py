"""Nothing grows for ever: variables and `KV`, looked at each time that all clients have gone."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Any

from soli_stdlib.stores import key_value_store

from soli_lang.machine.machine import Machine
from soli_lang.values.objects import Instance, SoliClass
from soli_lang.values.values import UNSET, Function

from ....serving.local.simulated.processes import Process
from ....serving.local.simulated.simulation import Simulation

KV = "KV"
MOST_DEPTH = 40
Sizes = dict[str, int]
"""By the name of what was looked at: `KV`, or a variable with its file."""


def sizes(world: Simulation) -> Sizes:
    """How large everything is now that may grow."""
    found: Sizes = {}
    for process in world.processes:
        for name, value in variables(process):
            found[name] = found.get(name, 0) + size_of(value)
    found[KV] = sum(kept_sizes(world).values())
    return found


def kept_sizes(world: Simulation) -> Sizes:
    """The bytes of each key of `KV`."""
    machine: Machine = world.machines[0]
    kept = key_value_store.store(machine)
    kept.drop_expired(world.unix_time())
    return kept.sizes()


def grown_key(before: Sizes, after: Sizes) -> str | None:
    """A key of `KV` that is new or larger, the first by name."""
    return min((key for key in after if after[key] > before.get(key, 0)), default=None)


def variables(process: Process) -> Iterator[tuple[str, Any]]:
    """The variables of the program's files that hold data, and static fields of its classes."""
    app = process.program.app
    machine = process.program.machine
    files = [(path.name, program.file) for path, program in app.programs.items()]
    files += [(str(name), module.file) for name, module in machine.modules.items()]
    for file_name, scope in files:
        for name in tuple(scope.names):
            value = scope.get(name)
            if isinstance(value, SoliClass):
                for field, held in value.statics.items():
                    if not _is_code(held):
                        yield f"{value.name}.{field} ({file_name})", held
            elif not _is_code(value):
                yield f"{name} ({file_name})", value


def _is_code(value: Any) -> bool:
    return value is UNSET or isinstance(value, Function | SoliClass) or callable(value)


def size_of(value: Any, depth: int = 0) -> int:
    """Roughly its characters, items and fields."""
    if isinstance(value, str | bytes):
        return 1 + len(value)
    if depth > MOST_DEPTH:
        return 1
    if isinstance(value, dict):
        return 1 + sum(
            size_of(key, depth + 1) + size_of(item, depth + 1) for key, item in value.items()
        )
    if isinstance(value, list | tuple | set | frozenset):
        return 1 + sum(size_of(item, depth + 1) for item in value)
    if isinstance(value, Instance):
        return size_of(value.fields, depth + 1)
    return 1


def growing(history: list[Sizes], rounds: int) -> str | None:
    """What grew in each of the last *rounds* rounds."""
    if len(history) <= rounds:
        return None
    last = history[-rounds - 1 :]
    for name in last[-1]:
        found = [one.get(name, 0) for one in last]
        if all(before < after for before, after in pairwise(found)):
            return name
    return None


def frozen(value: Any, depth: int = 0) -> Any:
    """*value* as data that can be compared later, whatever becomes of it meanwhile."""
    if depth > MOST_DEPTH:
        return None
    if isinstance(value, dict):
        return tuple(
            (frozen(key, depth + 1), frozen(item, depth + 1)) for key, item in value.items()
        )
    if isinstance(value, list):
        return [frozen(item, depth + 1) for item in value]
    if isinstance(value, Instance):
        return frozen(value.fields, depth + 1)
    return value


def own_state(process: Process) -> dict[str, Any]:
    """What a process knows that others do not."""
    return {name: frozen(value) for name, value in variables(process)}
