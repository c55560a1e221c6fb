"""What the reference says of results and places is what happens when a builtin is called."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

from soli_runtime.builtins.library import install_library
from soli_runtime.tools import builtin_facts as facts
from soli_runtime.words.worlds import install_testing

from soli_lang import Capabilities, Interpreter, Limits, SoliError
from soli_lang.machine.machine import Machine
from soli_lang.native.native import Declaration, NativeFunction
from soli_lang.values.kinds import type_name
from soli_lang.values.objects import SoliClass
from soli_lang.values.values import Function, symbol

Call = Callable[[list[Any]], Any]

PROGRAM = "def same(x) x end\n"
ARGUMENTS: dict[str, list[Any]] = {
    "HTTP.parallel": [["http://example.org"]],
    "HTTP.get_all": [["http://example.org"]],
    "HTTP.get_all_json": [["http://example.org"]],
    "Webhook.enqueue_at": ["2030-01-01T00:00:00", "http://example.org", {}],
    "Webhook.enqueue_in": ["5 minutes", "http://example.org", {}],
    "file_write_base64": ["a", "YQ=="],
    "file_write_bytes": ["a", [1]],
    "sleep": [1],
}
"""Where the first fitting value would be refused before anything else is looked at."""
SAYS = {
    "works only while an HTTP request is handled": facts.IN_ACTION,
    "works only while a WebSocket event is handled": facts.IN_EVENT,
    "works only while a request or an event is handled": facts.WITH_VISITOR,
    "is not supported": facts.NOT_HERE,
    "has been removed": facts.REMOVED,
    "is denylisted": facts.REFUSED,
}
BLOCKS = {"sse", "stream"}
"""They ask for their block before they look for a request."""


def interpreter(**granted: Any) -> Interpreter:
    return Interpreter(
        install_library,
        capabilities=Capabilities(**granted),
        limits=Limits.off(max_seconds=5.0),
    )


def small_values(host: Interpreter) -> dict[type, list[Any]]:
    same = host.load(PROGRAM, "values").get("same")
    return {
        str: ["a", "12", "a,b", "[1]", '{"a": 1}', "2024-01-02T03:04:05", ""],
        int: [1, 3, 0, -2],
        float: [1.5, 2.0, -0.5],
        Decimal: [Decimal("1.5"), Decimal("2.25")],
        bool: [True, False],
        type(None): [None],
        list: [[1, 2, 3], ["a", "b"], [{"a": 1}, {"a": 2}], [1.5, 2], []],
        dict: [{"a": 1}, {"a": "x", "b": [1]}, {}],
        bytes: [b"ab", b"\xff"],
        type(symbol("a")): [symbol("a")],
        Function: [same],
    }


def functions(machine: Machine) -> Iterator[tuple[str, Declaration, Call]]:
    """Global functions and those of classes: name, declaration, how it is called."""

    def call(function: NativeFunction) -> Call:
        return lambda arguments: function.soli_call(arguments, None, None)

    for name, value in list(machine.globals.items()):
        if isinstance(value, NativeFunction) and not name.startswith("__"):
            yield name, value.declaration, call(value)
        elif isinstance(value, SoliClass):
            for member, static in value.statics.items():
                if isinstance(static, NativeFunction):
                    yield f"{name}.{member}", static.declaration, call(static)


def methods(machine: Machine) -> Iterator[tuple[Declaration, type]]:
    for table in machine.methods.values():
        for kind, method in table.items():
            declaration = getattr(method, "declaration", None)
            if declaration is not None and not declaration.names[0].startswith("__"):
                yield declaration, kind


def first_fitting(name: str, declaration: Declaration, values: dict[type, list[Any]]) -> list[Any]:
    if name in ARGUMENTS:
        return list(ARGUMENTS[name])
    return [
        next((values[kind][0] for kind in arg.types or () if kind in values), "a")
        for arg in declaration.args[: declaration.low]
    ]


def place_by_what_happens(machine: Machine, call: Call, arguments: list[Any]) -> str | None:
    """The sentence that an outcome asks for; None: it asks for none of them."""
    try:
        text = str(machine.guarded(lambda: call(arguments)))
    except SoliError as error:
        text = error.message
    wanted = re.search(r"did not grant the capability '(\w+)'", text)
    if wanted is not None:
        return facts.needs(wanted[1])
    return next((place for words, place in SAYS.items() if words in text), None)


def test_a_builtin_says_where_it_works() -> None:
    """Without an app and without capabilities each that is refused says why, as its entry."""
    host = interpreter()
    values = small_values(host)
    wrong, told = [], set()
    for name, declaration, call in functions(host.machine):
        said = facts.place(declaration)
        arguments = first_fitting(name, declaration, values)
        happens = place_by_what_happens(host.machine, call, arguments)
        told.add(happens)
        if happens is not None and happens not in said:
            wrong.append(f"{name}: {happens} but says {said!r}")
        is_refusal = said in SAYS.values() or said.startswith("Needs the capability")
        if happens is None and is_refusal and name not in BLOCKS:
            wrong.append(f"{name}: says {said!r}, and nothing refuses it")

    assert wrong == []
    assert set(SAYS.values()) <= told


def test_what_is_for_specs_is_nowhere_else() -> None:
    """The words of `soli test` and no others say so."""
    ours = {
        id(declaration) for _, declaration, _ in functions(Interpreter(install_library).machine)
    }
    for name, declaration, _ in functions(Interpreter(install_testing).machine):
        if id(declaration) not in ours:
            assert facts.place(declaration) == facts.IN_SPECS, name


WORDS = {
    "string": "String", "bool": "Bool", "int": "Int", "float": "Float", "bytes": "Bytes",
    "null": "null", "array": "Array", "hash": "Hash", "decimal": "Decimal", "symbol": "Symbol",
}  # fmt: skip


def fits(value: Any, said: str) -> bool:
    """Whether *value* is what the words say; *said* is not empty."""
    word = WORDS.get(type_name(value), type_name(value))
    kinds = said.split(" or ")
    if isinstance(value, list):
        items = [kind.removeprefix("Array of ") for kind in kinds if kind.startswith("Array of ")]
        allowed = items[0].split(" and ") if items and "Array" not in kinds else None
        is_array = any(kind.startswith("Array") for kind in kinds)
        return is_array and (
            allowed is None or all(fits(one, " or ".join(allowed)) for one in value)
        )
    return word in kinds or "something that equals what it describes" in kinds


def some_arguments(
    random: Random, declaration: Declaration, values: dict[type, list[Any]]
) -> list[Any]:
    every = [value for some in values.values() for value in some]
    chosen = []
    for arg in declaration.args[: random.randint(declaration.low, len(declaration.args))]:
        fitting = [value for kind in arg.types or () for value in values.get(kind, [])]
        chosen.append(random.choice(fitting or every))
    return [one.copy() if isinstance(one, list | dict) else one for one in chosen]


def test_results_are_of_the_type_that_the_reference_gives(tmp_path: Path) -> None:
    """Of every builtin, called with small values that fit its parameters."""
    random = Random(1)
    host = interpreter(
        output=lambda text: None, input=lambda prompt: "line", sleep=lambda seconds: None,
        environment={"a": "1"}, files=tmp_path, files_writable=True,
    )  # fmt: skip
    machine, values = host.machine, small_values(host)
    calls = [(declaration, call) for _, declaration, call in functions(machine)]
    calls += [
        (declaration, _method_call(machine, declaration, values[kind]))
        for declaration, kind in methods(machine)
        if kind in values
    ]
    compared, wrong = set(), []
    for declaration, call in calls:
        said = facts.gives(declaration)
        for _ in range(6 if said else 0):
            arguments = some_arguments(random, declaration, values)
            try:
                value = machine.guarded(lambda: call(arguments))  # noqa: B023 - called at once
            except SoliError:
                continue
            compared.add(id(declaration))
            if not fits(value, said):
                wrong.append(f"{declaration.owner}.{declaration.names[0]}: {said}, got {value!r}")

    assert sorted(set(wrong)) == []
    assert len(compared) > 350


def _method_call(machine: Machine, declaration: Declaration, receivers: list[Any]) -> Call:
    choose = Random(1)

    def call(arguments: list[Any]) -> Any:
        receiver = choose.choice(receivers)
        receiver = receiver.copy() if isinstance(receiver, list | dict) else receiver
        method = machine.find_method(receiver, declaration.names[0])
        assert method is not None
        return method.call(receiver, arguments, None, None)

    return call
