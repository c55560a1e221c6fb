"""What is imported when, and from where. import-linter checks the layers (pyproject.toml)."""

from __future__ import annotations

import json
import subprocess
import sys

from .live import ROOT, SOLI

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


def test_a_program_without_routes_does_not_load_the_server() -> None:
    """`soli run hello.soli` does not pay for aiohttp."""
    result = subprocess.run(
        [sys.executable, "-X", "importtime", SOLI, "run", ROOT / "examples" / "hello.soli"],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    loaded = {line.rpartition("|")[2].strip() for line in result.stderr.splitlines()}

    assert "soli_lang.interpreter" in loaded
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
