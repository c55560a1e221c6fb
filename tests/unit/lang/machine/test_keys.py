"""What a machine keeps, by keys."""

from __future__ import annotations

from soli_lang import Interpreter
from soli_lang.machine.keys import MachineKey


def test_keys_of_one_name_do_not_meet() -> None:
    """Two modules may choose the same word."""
    library = Interpreter().machine.library
    one: MachineKey[int] = MachineKey("count")
    other: MachineKey[str] = MachineKey("count")

    library[one] = 1

    assert (library.get(one), library.get(other)) == (1, None)
    assert library.setdefault(other, "x") == library[other] == "x"


def test_interpreters_keep_things_apart() -> None:
    """And a key shows its name."""
    key: MachineKey[int] = MachineKey("count")
    Interpreter().machine.library[key] = 1

    assert key not in Interpreter().machine.library
    assert repr(key) == "MachineKey('count')"
