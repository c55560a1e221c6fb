"""`soli run --profile` and `soli replay --profile`: where time and steps went."""

from __future__ import annotations

import asyncio
import json
import signal
import subprocess
from pathlib import Path

import websockets

from .support import run
from .test_command_line import SOLI, served, soli

SCRIPT = """def slow(n)
  total = 0
  for i in 0..n
    total = total + i
  end
  total
end
def outer(n)
  a = slow(n)
  b = [1, 2, 3].map(|x| slow(x * n))
  a + b.len
end
print(outer(5000))
"""
APP = """def slow(n)
  total = 0
  for i in 0..n
    total = total + i
  end
  total
end
def handle(event)
  return {} if event["type"] != "message"
  { "send": str(slow(5000)) }
end
router_websocket("/ws", "app#handle")
"""


def rows(text: str, title: str) -> list[list[str]]:
    """The rows of the table with that title, split."""
    table = text.partition(title)[2].partition("\n")[2].partition("\n\n")[0]
    return [line.split() for line in table.splitlines() if not line.startswith("flame")]


def graph(text: str) -> dict[str, object]:
    """The flame graph that is named."""
    path = text.partition("flame graph: ")[2].partition(" (")[0]
    found: dict[str, object] = json.loads(Path(path).read_text())
    return found


def test_a_script_is_told_where_its_time_went(tmp_path: Path) -> None:
    (tmp_path / "a.soli").write_text(SCRIPT)
    seen = soli("run", "a.soli", "--profile", cwd=tmp_path)
    assert seen.returncode == 0, seen.stderr
    functions = rows(seen.stdout, "function (without what it calls)")
    assert functions[0][4:] == ["slow", "a.soli"]
    assert float(functions[0][1]) > 50  # per cent
    steps = {row[4]: int(row[2]) for row in functions}
    assert 35_000 <= steps["slow"] <= 36_000  # a turn each, of 5,000 and of three blocks
    lines = rows(seen.stdout, "  line")
    assert lines[0][4] == "a.soli:4"
    assert lines[0][3] == "35000"
    found = graph(seen.stdout)
    frames = [one["name"] for one in found["shared"]["frames"]]  # type: ignore[index]
    profile = found["profiles"][0]  # type: ignore[index]
    stacks = [[frames[one] for one in stack] for stack in profile["samples"]]
    assert ["main program", "outer", "slow"] in stacks
    assert abs(sum(profile["weights"]) - profile["endValue"]) < 0.01
    again = soli("run", "a.soli", "--profile", cwd=tmp_path)
    assert graph(again.stdout).keys() == found.keys()
    assert len(list(tmp_path.glob("profile-*.speedscope.json"))) == 2


def test_a_server_and_a_recording_are_profiled(tmp_path: Path) -> None:
    """What passes between events belongs to nobody."""
    (tmp_path / "app.soli").write_text(APP)
    with served(tmp_path / "app.soli", "--record", str(tmp_path / "r.jsonl")) as (_, url):
        run(lambda: ask(url))
    again = soli("replay", "r.jsonl", "app.soli", "--profile", cwd=tmp_path)
    assert again.stdout.endswith("4 events, no difference\n"), again.stdout
    assert rows(again.stdout, "function (without what it calls)")[0][4:] == ["slow", "app.soli"]
    server = subprocess.Popen(
        [*SOLI, "run", "app.soli", "--port", "0", "--profile"],
        stdout=subprocess.PIPE,
        text=True,
        cwd=tmp_path,
    )
    assert server.stdout is not None
    url = server.stdout.readline().removeprefix("listening on ").strip()
    run(lambda: ask(url))
    server.send_signal(signal.SIGTERM)
    text = server.communicate(timeout=30)[0]
    functions = rows(text, "function (without what it calls)")
    assert functions[0][4:] == ["slow", "app.soli"]
    assert sum(float(row[0]) for row in functions) < 500  # ms of CPU, of a second and more
    assert graph(text)["exporter"] == "soli"


async def ask(url: str) -> None:
    async with websockets.connect(url.replace("http", "ws") + "/ws", proxy=None) as client:
        for _ in range(2):
            await client.send("x")
            assert await client.recv() == "12497500"
            await asyncio.sleep(0.2)


def test_workers_are_not_profiled(tmp_path: Path) -> None:
    (tmp_path / "app.soli").write_text(APP)
    seen = soli("run", "app.soli", "--workers", "2", "--profile", cwd=tmp_path)
    assert seen.returncode == 64
    assert "--profile needs a single process" in seen.stderr
    assert list(tmp_path.glob("*.json")) == []
