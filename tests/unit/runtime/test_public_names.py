"""What hosts may use of the runtime."""

from __future__ import annotations

import subprocess
import sys

import pytest
import soli_runtime


def test_the_public_names_are_these() -> None:
    """Widening the list is a decision."""
    assert soli_runtime.__all__ == [
        "ANONYMOUS",
        "Answer",
        "AsgiApp",
        "Authenticate",
        "InvalidApp",
        "Log",
        "MountedApp",
        "Realtime",
        "Refusal",
        "SettingError",
        "Settings",
        "asgi",
        "mount",
    ]


@pytest.mark.parametrize("name", soli_runtime.__all__)
def test_each_name_is_there(name: str) -> None:
    """Loaded when it is asked for."""
    assert getattr(getattr(soli_runtime, name), "__name__", name) == name


@pytest.mark.parametrize(
    ("former", "present"), [("AppInvalid", "InvalidApp"), ("Mounted", "MountedApp")]
)
def test_a_former_name_is_there_for_one_version(former: str, present: str) -> None:
    """With a warning."""
    with pytest.warns(DeprecationWarning, match=f"{former} is now called {present}"):
        assert getattr(soli_runtime, former) is getattr(soli_runtime, present)


def test_another_name_is_not() -> None:
    """With the usual error."""
    with pytest.raises(AttributeError, match="nothing"):
        _ = soli_runtime.nothing


def test_importing_the_package_loads_no_web_server() -> None:
    """Nor does reading the settings."""
    code = "import sys, soli_runtime; soli_runtime.Settings(); sys.exit('aiohttp' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
