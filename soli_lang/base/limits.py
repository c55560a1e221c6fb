"""What a program may use up, and what its host lets it touch."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .errors import CapabilityError
from .records import Record, field

if TYPE_CHECKING:
    from random import Random


class Limits(Record, frozen=True, kw_only=True):
    """Bounds of one call from the host into a program; 0 turns a limit off.

    Every limit has a default, for programs that nobody trusts. `Limits.off()` has those of depth,
    of single values and of sources only: for programs of the host's own.

    `max_steps` counts calls and loop turns; `max_seconds` is time spent computing (waiting does
    not count); `max_depth` is nested Soli calls; `max_value_bytes` bounds one String, Array or
    Hash before it grows (docs/spec §W9, §9.4); `max_call_bytes` bounds all that one
    call builds, garbage included; `max_source_bytes` bounds the text of a program that the host
    hands to `Interpreter.compile`, `load` or `run`. Reading it is a call like others.
    """

    max_steps: int = 5_000_000
    max_seconds: float = 5.0
    max_depth: int = 1000
    max_value_bytes: int = 64 * 1024 * 1024
    max_call_bytes: int = 512 * 1024 * 1024
    max_source_bytes: int = 1024 * 1024

    @classmethod
    def off(cls, **limits: Any) -> Limits:
        """No limit of steps, of time and of all that is built, but for those in *limits*."""
        return cls(**{"max_steps": 0, "max_seconds": 0.0, "max_call_bytes": 0, **limits})


class Capabilities(Record, frozen=True, kw_only=True):
    """What a program can reach outside itself. Nothing, unless the host grants it.

    `output` takes text for `print`. `input` reads a line (None at the end). `clock` is Unix
    seconds. `sleep` waits. `environment`, `files` (a root folder; `files_writable`), `network`,
    `processes` guard docs/spec §L20 and §L22. `suspend` waits for an awaitable on behalf of
    the running program and returns its result, without stopping anybody else.
    """

    output: Callable[[str], None] | None = None
    input: Callable[[str], str | None] | None = None
    clock: Callable[[], float] | None = None
    sleep: Callable[[float], None] | None = None
    random: Random | None = None
    environment: Mapping[str, str] | None = None
    files: Path | None = None
    files_writable: bool = False
    code_writable: bool = False
    """Also let it change programs, templates and settings below `files`, and where they live."""
    network: bool = False
    private_network: bool = False
    """Also let HTTP reach loopback and private addresses."""
    processes: bool = False
    shell: bool = False
    """Also let commands in backticks start a shell. Never granted along with anything else."""
    suspend: Callable[[Awaitable[Any]], Any] | None = None
    load_module: Callable[[str, str], tuple[str, str] | None] | None = None
    """(path as written, name of the importing source) -> (name, text) or None."""
    services: Mapping[str, Any] = field(default_factory=dict)
    """Host objects that builtins of the host's own look up by name."""

    def require(self, name: str, user: str) -> Any:
        """The granted capability *name*.

        Raises CapabilityError, naming the capability and *user*, the builtin that wants it.
        """
        granted = getattr(self, name)
        if granted is None or granted is False:
            raise CapabilityError(
                f"{user}: not allowed here (the host did not grant the capability '{name}')"
            )
        return granted
