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
    """Passes records on as the event `library`, and requests that are none as `bad_request`."""

    def __init__(self, log: Log) -> None:
        super().__init__()
        self._log = log

    def emit(self, record: logging.LogRecord) -> None:
        error = record.exc_info[1] if record.exc_info else None
        if error is not None and _is_about_a_request(error):
            # aiohttp's only argument is the address.
            ip = record.args[0] if isinstance(record.args, tuple) and record.args else "?"
            self._log.warning("bad_request", reason=type(error).__name__, ip=str(ip))
            return
        fields = {"logger": record.name, "text": record.getMessage()}
        if error is not None:
            fields["error"] = _in_one_line(error)
            fields["at"] = _place_of(error)
        write = self._log.error if record.levelno >= logging.ERROR else self._log.warning
        write("library", **fields)


Adopted = list[tuple[logging.Logger, list[logging.Handler], bool]]
"""The loggers as they were."""


def adopt(log: Log) -> Adopted:
    """Send warnings and errors of the libraries that we use to *log*, and nowhere else."""
    handler = ToLog(log)
    handler.setLevel(logging.WARNING)
    loggers = [logging.getLogger(name) for name in LOGGERS]
    before = [(logger, logger.handlers, logger.propagate) for logger in loggers]
    for logger in loggers:
        logger.handlers = [handler]
        logger.propagate = False
    return before


def restore(before: Adopted) -> None:
    """Undo `adopt`."""
    for logger, handlers, propagate in before:
        logger.handlers = handlers
        logger.propagate = propagate


def _is_about_a_request(error: BaseException) -> bool:
    """Whether aiohttp could not read a request. Its texts quote the line at fault: a query string
    or a Cookie header, which no log may hold."""
    return type(error).__module__ == "aiohttp.http_exceptions"


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
