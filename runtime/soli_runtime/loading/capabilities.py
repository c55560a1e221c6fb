"""What `soli run` lets a program do: what a person expects of their own code, less `--deny`.

Embedding grants nothing by default (`soli_lang.limits.Capabilities`); this is the command line.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

from soli_lang.base.limits import Capabilities

from .modules import ModuleLoader

DENIABLE = ("files", "network", "processes", "environment", "input", "clock", "sleep")
"""What `--deny` can name."""


class Denied(ValueError):
    """`--deny` names something that is no capability."""


def parse_denied(text: str) -> frozenset[str]:
    """The names of a `--deny` flag. Raises Denied."""
    names = frozenset(part.strip() for part in text.split(",") if part.strip())
    unknown = names.difference(DENIABLE)
    if unknown:
        known = ", ".join(DENIABLE)
        raise Denied(f"--deny: '{min(unknown)}' is no capability; there are: {known}")
    return names


def granted(
    root: Path,
    *,
    denied: frozenset[str] = frozenset(),
    environment: Mapping[str, str] | None = None,
    suspend: Callable[[Awaitable[Any]], Any] | None = None,
    sleep: Callable[[float], None] | None = None,
    services: Mapping[str, Any] | None = None,
    output: Callable[[str], None] | None = None,
    private_network: bool = False,
    code_writable: bool = False,
    shell: bool = False,
) -> Capabilities:
    """The capabilities of a program: files and modules below *root*."""

    def unless(name: str, value: Any) -> Any:
        return None if name in denied else value

    return Capabilities(
        output=output or print_text,
        input=unless("input", read_line),
        clock=unless("clock", time.time),
        sleep=unless("sleep", sleep or time.sleep),
        environment=unless("environment", os.environ if environment is None else environment),
        files=unless("files", root),
        files_writable="files" not in denied,
        code_writable=code_writable,
        network="network" not in denied,
        private_network=private_network,
        shell=shell and "processes" not in denied,
        processes="processes" not in denied,
        suspend=suspend,
        load_module=ModuleLoader(root, anywhere="files" not in denied),
        services=dict(services or {}),
    )


def print_text(text: str) -> None:
    """Write to standard output at once, so that lines come in order with the log."""
    sys.stdout.write(text)
    sys.stdout.flush()


def read_line(prompt: str) -> str | None:
    """A line of standard input without its line break; None at the end."""
    if prompt:
        print_text(prompt)
    line = sys.stdin.readline()
    return line.rstrip("\n") if line else None
