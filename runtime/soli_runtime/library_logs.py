"""What libraries log through Python's `logging` becomes lines of our log.

A traceback is no use to a Soli author: the line names the exception and where it was raised.

Only for a process that is ours (`soli run`): a host that mounts an app configures its own logging.
"""

from __future__ import annotations

import logging
from pathlib import PurePath

from .logs import Log

LOGGERS = ("aiohttp", "asyncio", "soli")


class ToLog(logging.Handler):
    """Passes records on as the event `library`."""

    def __init__(self, log: Log) -> None:
        super().__init__()
        self._log = log

    def emit(self, record: logging.LogRecord) -> None:
        fields = {"logger": record.name, "text": record.getMessage()}
        error = record.exc_info[1] if record.exc_info else None
        if error is not None:
            fields["error"] = _in_one_line(error)
            fields["at"] = _place_of(error)
        write = self._log.error if record.levelno >= logging.ERROR else self._log.warning
        write("library", **fields)


def adopt(log: Log) -> None:
    """Send warnings and errors of the libraries that we use to *log*, and nowhere else."""
    handler = ToLog(log)
    handler.setLevel(logging.WARNING)
    for name in LOGGERS:
        logger = logging.getLogger(name)
        logger.handlers = [handler]
        logger.propagate = False


def _in_one_line(error: BaseException) -> str:
    text = " ".join(str(error).split())
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def _place_of(error: BaseException) -> str:
    """FILE:LINE of the innermost Python frame: for whoever is told of a bug of ours."""
    step = error.__traceback__
    if step is None:
        return "?"
    while step.tb_next is not None:
        step = step.tb_next
    return f"{PurePath(step.tb_frame.f_code.co_filename).name}:{step.tb_lineno}"
