"""`soli run --console`: the prompt of the REPL in a serving process."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import websockets

from .support import run, write_files
from .test_command_line import ECHO, served


def lines_until(stream: Any, last: str) -> list[str]:
    """Lines of the console up to one that contains *last*."""
    found = [stream.readline()]
    while last not in found[-1]:
        assert found[-1], found
        found.append(stream.readline())
    return [line.rstrip("\n") for line in found]


def test_the_console_sees_and_changes_what_clients_reach(tmp_path: Path) -> None:
    """`.watch`, `.clients`, the app's names, a redefinition, and commands that belong elsewhere."""
    write_files(tmp_path, ECHO)
    with served(tmp_path, "--console") as (process, url):

        def type_in(text: str) -> None:
            process.stdin.write(text + "\n")
            process.stdin.flush()

        async def body() -> None:
            async with websockets.connect(url.replace("http", "ws") + "/ws/echo", proxy=None) as ws:
                type_in(".clients")
                assert lines_until(process.stdout, "/ws/echo")[-1].startswith("#1  /ws/echo")
                type_in(".watch")
                lines_until(process.stdout, "what clients do is shown")
                await ws.send("hello")
                first = await ws.recv()
                seen = lines_until(process.stdout, "←")
                assert seen[0].startswith("message    /ws/echo   echo#handle")
                assert seen[1] == "  #1 →  hello"
                assert seen[-1] == f"  #1 ←  {first}"
                type_in('def handle(event)\n  { "send": "new" }\nend\n1 + 1')
                lines_until(process.stdout, "=> 2")
                await ws.send("again")
                assert await ws.recv() == "new"
                type_in(".watch\n2 + 2")
                lines_until(process.stdout, "=> 4")
                await ws.send("unseen")
                assert await ws.recv() == "new"
                type_in(".clientz\n.save x\n.routes")
                assert "did you mean '.clients'?" in lines_until(process.stdout, ".clientz")[-1]
                shown = lines_until(process.stdout, "echo#handle")
                assert not any("unseen" in line for line in shown)

        run(body)
