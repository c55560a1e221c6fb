"""`soli run` with a debugger."""

from __future__ import annotations

import os
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from soli_lang.interpreter import Interpreter

    from ..debugging.starting import Debugging
    from ..serving.service import Service
    from .profiles import Profiling
    from .run_options import RunOptions

STARTED_BY = "SOLI_DEBUGGER"
"""In the environment of a process that `soli dap` starts: where to report."""


def debugging_of(options: RunOptions) -> Debugging | None:
    """What lets a debugger in, where it is wanted; it began if a debugger started this process."""
    if options.profiles or (not options.settings.dev and STARTED_BY not in os.environ):
        return None
    from ..debugging.starting import Debugging

    debugging = Debugging()
    debugging.report(os.environ)
    return debugging


def watch_of(
    debugging: Debugging | None, profiling: Profiling | None
) -> Callable[[Interpreter], None] | None:
    """What watches the programs that run: the profile or the debugger."""
    if profiling is not None:
        return profiling.watch
    return None if debugging is None else debugging.watch


async def debugged(
    debugging: Debugging | None,
    service: Service,
    options: RunOptions,
    say: Callable[[str], None],
    others: Coroutine[Any, Any, None],
) -> None:
    """Let a debugger attach while the *others* do what they do, until this is cancelled."""
    if debugging is None:
        await others
        return
    import asyncio

    from ..debugging.serving import followed

    if not debugging.is_started:
        debugging.listen(service.app.project.root, options.debugger or 0, say)
    try:
        with followed(debugging.program, service):
            await others
            await asyncio.Event().wait()
    finally:
        debugging.end()
