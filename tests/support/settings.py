"""Settings of tests, which may make constants smaller too."""

from __future__ import annotations

from typing import Any

from soli_runtime.settings import Constants, Settings


def settings_of(**values: Any) -> Settings:
    """Settings and constants by name, `settings_of(max_rooms=2, presence_diff_bytes=100)`."""
    constants = {name: values.pop(name) for name in Constants.record_fields if name in values}
    return Settings(constants=Constants(**constants), **values)
