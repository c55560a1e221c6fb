"""The commands of `KV` where the host keeps them elsewhere: the same names, arguments and errors.

`FORMS` says for each command what its arguments after the first key are made into before they go
to the store: `k` a key or field, `t` a text (its display form), `n` a number as it is, `f` a
Float, `b` a bound of scores; `*` stands for any number of what is before it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any

from soli_lang.base.errors import SoliArgumentError, SoliPlainTypeError, SoliValueError
from soli_lang.base.records import changed
from soli_lang.machine.machine import Machine
from soli_lang.native.native import Declaration, declarations, install
from soli_lang.values.kinds import type_name
from soli_lang.values.values import Value

from . import key_value_changes, key_value_hashes, key_value_lists, key_value_sets, key_values
from .key_value_store import BAD_EXPIRY, floating, text_of
from .key_values import may_destroy
from .remote import KeyValues, answered

MODULES: tuple[ModuleType, ...] = (
    key_values, key_value_changes, key_value_hashes, key_value_lists, key_value_sets,
)  # fmt: skip

FORMS = {
    "get": "", "delete": "", "exists": "", "setnx": "t", "getset": "t",
    "getdel": "", "append": "t", "strlen": "", "mget": "k*", "mset": "kt*", "incr": "",
    "decr": "", "incrby": "n", "decrby": "n", "incrbyfloat": "n", "expire": "n", "pexpire": "n",
    "expireat": "n", "ttl": "", "pttl": "", "persist": "", "rename": "k", "type": "",
    "dbsize": "", "keys": "k", "flushdb": "",
    "hset": "kt", "hsetnx": "kt", "hget": "k", "hmget": "k*", "hgetall": "", "hdel": "k*",
    "hexists": "k", "hkeys": "", "hvals": "", "hlen": "", "hincrby": "kn", "hincrbyfloat": "kn",
    "lpush": "t*", "rpush": "t*", "lpop": "", "rpop": "", "llen": "", "lrange": "nn",
    "lindex": "n", "lset": "nt", "lrem": "nt", "ltrim": "nn", "rpoplpush": "k",
    "sadd": "t*", "srem": "t*", "smembers": "", "sismember": "t", "smismember": "t*",
    "scard": "", "srandmember": "", "spop": "", "smove": "kt",
    "zadd": "ft*", "zrem": "t*", "zscore": "t", "zincrby": "nt", "zcard": "", "zcount": "bb",
    "zrangebyscore": "bb",
}  # fmt: skip
HERE = frozenset({"ping", "cmd", "configure"})
"""What needs no store."""
CONDITIONAL = {
    "set": key_value_changes.set_remote,
    "update": key_value_changes.update_remote,
}
"""Commands that are of several commands of the store."""
KEYLESS = frozenset({"mget", "mset", "dbsize", "keys", "flushdb"})
"""Commands whose first argument is not the one key that they are about."""


def install_remote(machine: Machine, store: KeyValues) -> None:
    """Let the methods of `KV` ask *store*."""
    for declaration in _declared():
        install(machine, [_twin(declaration, store)])


def _declared() -> Iterator[Declaration]:
    for module in MODULES:
        for declaration in declarations(module):
            if declaration.owner == "KV" and declaration.names[0] not in HERE:
                yield declaration


def _twin(declaration: Declaration, store: KeyValues) -> Declaration:
    name = declaration.names[0]
    if name in CONDITIONAL:
        return CONDITIONAL[name](declaration, store)
    prepare = _PREPARED.get(name, _in_form(name))
    # A function of any number of arguments has no defaults of its own to be left out.
    defaults = tuple(arg.default for arg in declaration.args if not arg.is_rest)

    def ask(machine: Machine, *arguments: Value) -> Value:
        prepared = prepare(machine, (*arguments, *defaults[len(arguments) :]))
        return answered(machine, store.command(name, prepared), "KV")

    return changed(declaration, code=ask, takes_machine=True)


Prepare = Callable[[Machine, tuple[Value, ...]], list[Any]]


def _in_form(name: str) -> Prepare:
    form = FORMS[name]
    kinds = form.rstrip("*")
    keys = 0 if name in KEYLESS else 1

    def prepare(machine: Machine, arguments: tuple[Value, ...]) -> list[Any]:
        rest = arguments[keys:]
        letters = kinds * (len(rest) // len(kinds)) if form.endswith("*") else kinds
        made = (_KINDS[kind](machine, value) for kind, value in zip(letters, rest, strict=True))
        return [*arguments[:keys], *made]

    return prepare


def _bound(machine: Machine, value: Value) -> tuple[float | None, bool]:
    """A score and whether it is excluded; None: no bound."""
    if isinstance(value, str) and value.startswith("("):
        return floating(value[1:]), True
    return (None if value is None else floating(value)), False


_KINDS: dict[str, Callable[[Machine, Any], Any]] = {
    "k": lambda _, value: value,
    "t": text_of,
    "n": lambda _, value: value,
    "f": lambda _, value: floating(value),
    "b": _bound,
}


def _pairs(what: str, name: str) -> Prepare:
    """The arguments of `mset` and `zadd`, which come in pairs."""
    in_form = _in_form(name)

    def prepare(machine: Machine, arguments: tuple[Value, ...]) -> list[Any]:
        pairs = arguments if name in KEYLESS else arguments[1:]
        if not pairs or len(pairs) % 2:
            raise SoliArgumentError(f"KV.{name}() expects pairs of {what}")
        if name == "mset":
            for key in pairs[::2]:
                if not isinstance(key, str):
                    raise SoliPlainTypeError(f"KV.mset() expects string key, got {type_name(key)}")
        return in_form(machine, arguments)

    return prepare


def _instant(machine: Machine, arguments: tuple[Any, ...]) -> list[Any]:
    if not math.isfinite(arguments[1]):
        raise SoliValueError(BAD_EXPIRY)
    return list(arguments)


def _destructive(name: str) -> Prepare:
    def prepare(machine: Machine, arguments: tuple[Value, ...]) -> list[Any]:
        may_destroy(machine, name)
        return list(arguments)

    return prepare


_PREPARED: dict[str, Prepare] = {
    "mset": _pairs("key and value", "mset"),
    "zadd": _pairs("score and member", "zadd"),
    "expire": _instant,
    "pexpire": _instant,
    "expireat": _instant,
    "keys": _destructive("keys"),
    "flushdb": _destructive("flushdb"),
}
