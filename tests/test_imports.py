"""What is imported when, and from where. import-linter checks the layers (pyproject.toml)."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from .support.live import ROOT, SOLI

AFTER = "import sys, json; print(json.dumps(sorted(sys.modules)))"


def modules_after(statement: str) -> set[str]:
    """The modules loaded in a new interpreter after *statement*."""
    result = subprocess.run(
        [sys.executable, "-c", f"{statement}\n{AFTER}"],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return set(json.loads(result.stdout.splitlines()[-1]))


def test_the_language_alone_brings_no_event_loop() -> None:
    """A host that embeds the language gets neither asyncio nor aiohttp nor our runtime."""
    loaded = modules_after(
        "from soli_lang import Interpreter\n"
        "from soli_stdlib import install\n"
        "Interpreter(install).run('1 + 1')"
    )

    assert loaded.isdisjoint({"aiohttp", "asyncio", "soli_runtime"})


SLOW_OR_FOR_SERVERS = frozenset(
    "aiohttp aiosignal argon2 argparse asyncio attr cryptography dataclasses difflib email "
    "greenlet hashlib html http http.client inspect jwt lark logging markdown_it "
    "multidict nh3 orjson prompt_toolkit prometheus_client random re2 shutil socket ssl "
    "subprocess tempfile threading uuid uvloop watchfiles yarl zoneinfo".split()
)
"""Modules that a script without need of them must not wait for."""

MOST_MODULES = 347
"""Modules that Python and a script load; 311 when this was written."""


@pytest.fixture(scope="module")
def loaded_by_a_script() -> set[str]:
    """What `soli run hello.soli` imports; the grammar's tables are in the cache."""
    hello = str(ROOT / "examples" / "hello.soli")
    loaded_by("run", hello)
    return loaded_by("run", hello)


def loaded_by(*arguments: str) -> set[str]:
    """The modules that a command of `soli` imports."""
    command = [sys.executable, "-X", "importtime", str(SOLI), *arguments]
    result = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    lines = (line for line in result.stderr.splitlines() if line.startswith("import time:"))
    return {line.rpartition("|")[2].strip() for line in lines}


def test_a_program_without_routes_does_not_load_the_server(loaded_by_a_script: set[str]) -> None:
    """Nor anything else that takes long to load and is not needed."""
    assert "soli_lang.interpreter" in loaded_by_a_script
    assert loaded_by_a_script & SLOW_OR_FOR_SERVERS == set()


def test_a_script_loads_few_modules(loaded_by_a_script: set[str]) -> None:
    """Each costs a fraction of a millisecond at every start."""
    assert len(loaded_by_a_script) < MOST_MODULES


@pytest.mark.parametrize("command", ["check", "routes", "fmt", "test"])
def test_what_serves_nobody_does_not_load_the_web_server(command: str, tmp_path: Path) -> None:
    """It takes a fifth of a second of CPU to load."""
    spec = tmp_path / "sum_spec.soli"
    spec.write_text('test("adds") do\n  assert_eq(1 + 1, 2)\nend\n', "utf-8")
    app = str(ROOT / "examples" / "broadcast.soli")

    loaded = loaded_by(command, str(spec) if command == "test" else app)

    assert "soli_runtime.cli" in loaded
    assert "aiohttp" not in loaded


def test_the_language_exports_what_is_written_down() -> None:
    """Widening the public surface of `soli_lang` is a visible change, here and in the docs."""
    import soli_lang

    assert set(soli_lang.__all__) == {
        "Capabilities",
        "Interpreter",
        "LimitError",
        "Limits",
        "Program",
        "Session",
        "SoliError",
        "SoliSyntaxError",
        "Source",
        "render",
    }
