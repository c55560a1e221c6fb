"""A recorded program does as it does unrecorded; a replay is told the same, and touches nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from soli_runtime.builtins.library import install_library
from soli_runtime.loading.capabilities import granted
from soli_runtime.observing import observation
from soli_runtime.observing.traces import MESSAGE, Trace
from soli_runtime.recordings.tapes import PlayedTape
from soli_runtime.recordings.worlds import PlayedWorld, RecordedWorld

from soli_lang.base.errors import SoliError
from soli_lang.interpreter import Interpreter
from soli_lang.machine.machine import Machine

PROGRAM = """
KV.set("a", 1)
KV.set("b", "x", 60)
KV.incr("a")
found = [KV.get("a"), KV.get("none"), KV.ttl("b") > 50, KV.mget("a", "b")]
found.push(KV.update("a") { |text| text + "!" })
found.push(Cache.fetch("c", 60) { KV.get("a") })
found.push(Cache.fetch("c") { "not called" })
File.write("made.txt", "made")
found.push([File.read("made.txt"), File.exists("made.txt"), getenv("HOME") != null])
found.push([Crypto.random_hex(4).len, uuid_v4().len, password_hash("x").len > 20])
now = clock()
failed = ""
try
  File.read("none.txt")
catch e
  failed = e.message
end
found.push(failed)
found
"""


def interpreter(root: Path, outside: Any = None) -> Interpreter:
    capabilities = granted(root, environment={"HOME": "/"})
    if outside is None:
        return Interpreter(install_library, capabilities=capabilities)

    def install(machine: Machine) -> None:
        install_library(machine)
        outside.install(machine)

    return Interpreter(install, capabilities=outside.granted(capabilities))


def run_in(trace: Trace, program: str, one: Interpreter) -> Any:
    token = observation._under_way.set(trace)
    try:
        return one.run(program)
    finally:
        observation._under_way.reset(token)


def test_a_recorded_program_does_the_same_and_a_replay_is_told_the_same(tmp_path: Path) -> None:
    program = PROGRAM + "[found, now, uuid_v4(), Math.random(), [1, 2, 3, 4].shuffle]\n"
    plain = interpreter(tmp_path).run(program)
    world, trace = RecordedWorld(), Trace(MESSAGE)
    recorded = interpreter(tmp_path, world)
    world.loaded()
    world.begun(trace)
    first = run_in(trace, program, recorded)
    assert first[0] == plain[0]
    (tmp_path / "made.txt").unlink()
    again = Trace(MESSAGE)
    played = PlayedWorld(lambda _: again.tape, {})
    replayed = interpreter(tmp_path / "elsewhere", played)
    played.loaded()
    again.tape = PlayedTape(trace.tape.entry(), replayed.machine)
    assert run_in(again, program, replayed) == first
    assert not (tmp_path / "made.txt").exists()


@pytest.mark.parametrize(
    "program",
    ["KV.get()", "KV.set(1, 2)", "HTTP.get(5)", "slurp(1, 2)", "Cache.fetch()", "KV.incr([])"],
)
def test_wrong_calls_fail_as_they_do_unrecorded(tmp_path: Path, program: str) -> None:
    world, trace = RecordedWorld(), Trace(MESSAGE)
    recorded = interpreter(tmp_path, world)
    world.begun(trace)
    with pytest.raises(SoliError) as there:
        run_in(trace, program, recorded)
    with pytest.raises(SoliError) as here:
        interpreter(tmp_path).run(program)
    assert (str(there.value), there.value.hint) == (str(here.value), here.value.hint)
