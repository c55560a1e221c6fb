"""What every test shares."""

from __future__ import annotations

import os

import pytest
from hypothesis import HealthCheck, settings

# Shared machines are slow now and then: hypothesis must judge the software, not the clock.
settings.register_profile(
    "soli",
    deadline=None,
    derandomize=True,
    max_examples=50,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.register_profile(
    "explore", parent=settings.get_profile("soli"), derandomize=False, max_examples=1_000
)
# Who imports aiohttp reads, twice, whom this machine trusts: a seventh of what the start of a
# server takes. Only what installs packages needs that (tests/packaging/conftest.py).
os.environ.setdefault("TESTS_AUTHORITIES", os.environ.get("SSL_CERT_FILE", ""))
os.environ["SSL_CERT_FILE"] = os.devnull

settings.load_profile(os.environ.get("SOLI_HYPOTHESIS", "soli"))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Repeat which static checks failed before the tests ran (scripts/check.sh)."""
    failed = os.environ.get("SOLI_FAILED_CHECKS")
    if failed:
        terminalreporter.write_sep("=", f"FAILED before the tests: {failed}", red=True)
