"""`Factory`: hashes for tests, made from templates (docs/spec §L25.3).

Factory.define("user", fn(n) { "name": "User #{n}", "admin": false })
ada = Factory.create("user", { "name": "Ada" })
"""

from __future__ import annotations

from dataclasses import dataclass, field

from soli_lang.base.errors import SoliValueError
from soli_lang.machine.keys import MachineKey
from soli_lang.machine.machine import Machine
from soli_lang.native.native import CALLABLES, Any_, Hash, Int, Name, static
from soli_lang.values.display import to_text
from soli_lang.values.values import Value

MAX_CREATED = 100_000
"""Items of one `create_list`."""


@dataclass(slots=True)
class Factories:
    """What one spec file defined, and how often each was used."""

    templates: dict[str, Value] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)

    def next(self, name: str) -> int:
        """1, 2, 3, …"""
        self.counts[name] = self.counts.get(name, 0) + 1
        return self.counts[name]


_FACTORIES: MachineKey[Factories] = MachineKey("soli_runtime.testing.factories")


def _factories(machine: Machine) -> Factories:
    return machine.library.setdefault(_FACTORIES, Factories())


def _name(value: Value) -> str:
    return to_text(getattr(value, "name", value))


@static("Factory", "define", Name, Any_)
def define(machine: Machine, name: Value, template: Value) -> None:
    """Define a template: a Hash, or a function of a running number that yields one."""
    if template.__class__ is not dict and template.__class__ not in CALLABLES:
        raise SoliValueError("Factory.define() expects a hash or a function")
    _factories(machine).templates[_name(name)] = template


@static("Factory", ("create", "build"), Name, Hash.optional())
def create(machine: Machine, name: Value, overrides: Value) -> Value:
    """A new Hash of the template *name*, with *overrides*."""
    return _created(machine, _name(name), overrides or {})


def _created(machine: Machine, name: str, overrides: dict[Value, Value]) -> dict[Value, Value]:
    factories = _factories(machine)
    if name not in factories.templates:
        raise SoliValueError(f"Factory.create(): there is no factory '{name}'")
    template = factories.templates[name]
    if template.__class__ is not dict:
        template = machine.callback(template, 1)(factories.next(f"factory {name}"))
    if template.__class__ is not dict:
        raise SoliValueError(f"Factory.create(): the factory '{name}' yields no hash")
    return {**template, **overrides}


@static("Factory", "create_list", Name, Int, Hash.optional())
def create_list(machine: Machine, name: Value, count: int, overrides: Value) -> list[Value]:
    """Several new Hashes of the template *name*."""
    if not 0 <= count <= MAX_CREATED:
        raise SoliValueError(
            f"Factory.create_list() expects a count from 0 to {MAX_CREATED}, got {count}"
        )
    machine.spend(count)
    return [_created(machine, _name(name), overrides or {}) for _ in range(count)]


@static("Factory", "sequence", Name, Any_.optional())
def sequence(machine: Machine, name: Value, function: Value) -> Value:
    """The next number of the sequence *name*, or what *function* makes of it."""
    number = _factories(machine).next(f"sequence {_name(name)}")
    return number if function is None else machine.callback(function, 1)(number)


@static("Factory", "clear")
def clear(machine: Machine) -> None:
    """Forget all templates and numbers."""
    machine.library[_FACTORIES] = Factories()
