"""Switches that concern all answers of an app."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ....support.http import Visitor, app_of, visiting

ACTION = 'post("/x", "app#x")\ndef x(req) "got " + str(req["body"].length) end\n'


def answers(folder: Path, switches: str, body: str = "x") -> Any:
    app = app_of(folder, {"app.soli": f"{switches}\n{ACTION}"})

    async def visit(visitor: Visitor) -> Any:
        return await visitor.post("/x", body)

    return visiting(app / "app.soli", visit)


def test_nosniff_needs_no_switch(tmp_path: Path) -> None:
    """Every answer says that its type is its type."""
    assert answers(tmp_path, "").header("x-content-type-options") == "nosniff"


@pytest.mark.parametrize(
    ("switch", "header", "value"),
    [
        ("enable_security_headers()", "x-frame-options", "SAMEORIGIN"),
        ("enable_security_headers()", "referrer-policy", "strict-origin-when-cross-origin"),
        ("set_csp(\"default-src 'self'\")", "content-security-policy", "default-src 'self'"),
        ("set_hsts(60)", "strict-transport-security", "max-age=60"),
        ("set_hsts(60, true)", "strict-transport-security", "max-age=60; includeSubDomains"),
    ],
)
def test_a_switch_sends_its_header(tmp_path: Path, switch: str, header: str, value: str) -> None:
    """With the answer of every action."""
    assert answers(tmp_path, switch).header(header) == value


def test_a_body_at_the_limit_is_read_and_one_byte_more_is_413(tmp_path: Path) -> None:
    """`set_max_body_size`."""
    assert answers(tmp_path, "set_max_body_size(10)", "x" * 10).text == "got 10"
    assert answers(tmp_path, "set_max_body_size(10)", "x" * 11).status == 413


@pytest.mark.parametrize("bad", ["set_max_body_size(0)", "enable_trust_proxy()"])
def test_what_cannot_be_is_an_error_at_load(tmp_path: Path, bad: str) -> None:
    """Before anything is served."""
    with pytest.raises(Exception, match=r"positive|trusted-proxies"):
        answers(tmp_path, bad)
