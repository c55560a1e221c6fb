"""Loads an app for a command that tells something about it and does not serve it."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from soli_lang.base.errors import SoliError

from ..loading.app import App, InvalidApp
from ..loading.launch import Launch, launch
from ..loading.project import ProjectError
from ..settings import Settings
from .arguments import denied_of
from .exits import FAILED, INVALID, Exit, UsageError
from .reports import report, report_invalid


def loaded_app(parsed: argparse.Namespace) -> App:
    """The app at `parsed.path`, with the flags of `add_program_flags`. Raises UsageError, Exit."""
    how = Launch(
        Path(parsed.path),
        Settings(),
        environment=os.environ,
        denied=denied_of(parsed),
        private_network=parsed.private_network,
    )
    try:
        launched = launch(how)
    except ProjectError as error:
        raise UsageError(str(error)) from None
    except InvalidApp as invalid:
        report_invalid(invalid)
        raise Exit(INVALID) from None
    except SoliError as error:
        report(error)
        raise Exit(FAILED) from None
    launched.waiting.close()
    return launched.app
