"""Constants of servers in processes of their own: no flag sets them, but tests wait for them."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from unittest import mock

VARIABLE = "SOLI_TEST_CONSTANTS"
AT_START = Path(__file__).with_name("at_start")


def environment(**constants: float) -> dict[str, str]:
    """Variables with which a server, and the workers that it starts, have other *constants*."""
    path = [str(AT_START), *filter(None, [os.environ.get("PYTHONPATH")])]
    already = json.loads(os.environ.get(VARIABLE, "{}"))
    return {"PYTHONPATH": os.pathsep.join(path), VARIABLE: json.dumps({**already, **constants})}


@contextmanager
def smaller(**constants: float) -> Iterator[None]:
    """Servers that are started in this block have these *constants*, smaller ones as a rule."""
    with mock.patch.dict(os.environ, environment(**constants)):
        yield
