"""What `soli check` says of arguments of builtins is what the call says when it runs."""

from __future__ import annotations

from pathlib import Path

import pytest
from soli_runtime.builtins.library import install_library
from soli_runtime.tools.builtin_rules import builtin_rules
from soli_runtime.tools.checks import ProgramCheck

from soli_lang import Interpreter, SoliError

LOADED = [
    'KV.set("a", 1, { "tll": 5 })',
    'cors("/a", { "origin": [] })',
    'router_websocket("/ws", "a#b", { "protocol": [] })',
    'ws_keep_history("a", { "mesages": 5 })',
    'ws_keep_history("a", { "messages": "many" })',
    'ws_keep_state("a", { "byte": 5 })',
    'ws_keep_state("a", { "tell": 1 })',
    'ws_send("a", "b", { "volatil": true })',
]
"""Calls that fail wherever they run."""


@pytest.mark.parametrize("call", LOADED)
def test_a_refused_option_is_an_error_with_the_same_text_and_hint(
    call: str, tmp_path: Path
) -> None:
    found = check(tmp_path, f"options = {call.rpartition(', ')[2][:-1]}\n{through(call)}\n")
    with pytest.raises(SoliError) as raised:
        Interpreter(install_library).run(call)

    assert [text for text, _ in found] == [raised.value.message]
    assert raised.value.hint in (None, found[0][1])


def through(call: str) -> str:
    """*call* with its options in a variable."""
    return call.rpartition(", ")[0] + ", options)"


def test_every_rule_is_of_a_builtin_that_takes_so_many_arguments() -> None:
    machine = Interpreter(install_library).machine
    for name, rules in builtin_rules().items():
        owner, _, last = name.rpartition(".")
        value = machine.globals[owner or last]
        builtin = value.find_static(last) if owner else value
        assert max(rules) < builtin.high, name


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('ws_set_room_state("a", 5)', "ws_set_room_state: expected a Hash, got Int"),
        ('ws_add_room_state("a", { "n": "1" })', "ws_add_room_state.n: expected a number, "
         "got String"),
        ('HTTP.get("https://example.com", { "timout": 5 })', "HTTP.get() has no option 'timout'"),
        ('HTTP.get("https://example.com", { "accept": "text/html" })', None),
        ('jwt_verify("a", "b", { "audiense": 5 })', "jwt_verify() has no option 'audiense'"),
        ('KV.set("a", 1, { "tll": 5 }) rescue null', None),
        ('def cors(a, b) { b }\ncors("/a", { "origin": [] })', None),
    ],
)  # fmt: skip
def test_only_what_is_wrong_is_reported(text: str, message: str | None, tmp_path: Path) -> None:
    found = check(tmp_path, f"print(1)\n{text}\n")

    assert [one for one, _ in found] == ([message] if message else [])


def check(folder: Path, text: str) -> list[tuple[str, str | None]]:
    path = folder / "one.soli"
    path.write_text(text, "utf-8")
    return [(one.message, one.hint) for one in ProgramCheck().check_file(path)
            if one.code != "taken-name"]  # fmt: skip
