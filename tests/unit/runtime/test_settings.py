"""Settings: defaults, text, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest
from soli_runtime.settings import SETTINGS, SettingError, Settings


def test_defaults_are_those_of_the_table() -> None:
    """docs/spec §W9, line by line; no limit is off (docs/decisions/0024)."""
    settings = Settings()

    assert (settings.host, settings.port, settings.dev) == ("127.0.0.1", 5011, False)
    assert settings.max_message_bytes == 1024 * 1024
    assert (settings.message_rate, settings.message_burst) == (1000, 2000)
    assert settings.max_outbox_bytes == 16 * 1024 * 1024
    assert settings.ping_seconds == 25
    assert settings.max_connections == 100_000
    assert (settings.max_connections_per_ip, settings.connect_rate) == (1000, 2000)
    assert (settings.connect_rate_per_ip, settings.max_http_connections_per_ip) == (100, 100)
    assert (settings.max_rooms, settings.max_presence_bytes) == (128, 4096)
    assert settings.presence_resync_seconds == 1
    assert settings.presence_resync_bytes == 1024 * 1024
    assert settings.handler_steps == 2_000_000
    assert (settings.handler_seconds, settings.handler_wait_seconds) == (0.15, 30)
    assert settings.max_value_bytes == 64 * 1024 * 1024
    assert (settings.allowed_origins, settings.trusted_proxies) == ((), ())
    assert (settings.allowed_hosts, settings.cross_origin) == ((), "refuse")
    assert (settings.login_key, settings.max_connection_seconds) == ("user_id", 0)
    assert (settings.compression, settings.binary) == (False, "accept")
    assert settings.shutdown_seconds == 10
    limits = [setting for setting in SETTINGS if setting.kind in ("count", "seconds")]
    # Connections may get as old as they will, and presence ends with them, unless somebody asks.
    unset = [one.name for one in limits if not one.default]
    assert unset == ["max_connection_seconds", "presence_grace_seconds"]
    assert (settings.metrics, settings.metrics_token) == (False, "")


def test_every_setting_reads_its_variable() -> None:
    """A default written as text gives the default."""
    texts = {
        setting.variable: ",".join(setting.default)
        if setting.kind == "list"
        else str(setting.default)
        for setting in SETTINGS
    }

    assert Settings.from_environment(texts) == Settings()


@pytest.mark.parametrize(
    ("variable", "text", "name", "value"),
    [
        ("SOLI_MESSAGE_RATE", "0", "message_rate", 0),
        ("SOLI_PING_SECONDS", " 2.5 ", "ping_seconds", 2.5),
        ("SOLI_DEV", "Yes", "dev", True),
        ("SOLI_DEV", "off", "dev", False),
        (
            "SOLI_ALLOWED_ORIGINS",
            "http://a, http://b,",
            "allowed_origins",
            ("http://a", "http://b"),
        ),
        ("SOLI_BINARY", "refuse", "binary", "refuse"),
        ("SOLI_HOST", "::1", "host", "::1"),
    ],
)
def test_a_variable_sets_its_setting(variable: str, text: str, name: str, value: Any) -> None:
    """Text becomes the value of the setting's kind."""
    assert getattr(Settings.from_environment({variable: text}), name) == value


@pytest.mark.parametrize(
    ("variable", "text", "message"),
    [
        ("SOLI_PORT", "80x", "SOLI_PORT: expected a port from 0 to 65535, got '80x'"),
        ("SOLI_PORT", "65536", "SOLI_PORT: expected a port from 0 to 65535, got '65536'"),
        ("SOLI_MAX_ROOMS", "-1", "SOLI_MAX_ROOMS: expected a whole number from 0, got '-1'"),
        ("SOLI_MAX_ROOMS", "1.5", "SOLI_MAX_ROOMS: expected a whole number from 0, got '1.5'"),
        (
            "SOLI_PING_SECONDS",
            "nan",
            "SOLI_PING_SECONDS: expected a number of seconds from 0, got 'nan'",
        ),
        ("SOLI_DEV", "maybe", "SOLI_DEV: expected true or false, got 'maybe'"),
        ("SOLI_BINARY", "no", "SOLI_BINARY: expected 'accept' or 'refuse', got 'no'"),
    ],
)
def test_a_wrong_variable_is_named_with_what_was_found_and_expected(
    variable: str, text: str, message: str
) -> None:
    """One line says what to change."""
    with pytest.raises(SettingError) as caught:
        Settings.from_environment({variable: text})

    assert caught.value.message == message


def test_a_flag_wins_over_a_variable() -> None:
    """Then the variable is not even read."""
    settings = Settings.from_environment({"SOLI_PORT": "nonsense"}, port=8080)

    assert settings.port == 8080


def test_other_variables_are_ignored() -> None:
    """A host has variables of its own."""
    assert Settings.from_environment({"SOLI_HOME": "/x", "PORT": "1"}) == Settings()


def test_a_host_is_told_about_a_wrong_value_too() -> None:
    """Not only text is checked."""
    with pytest.raises(SettingError, match="max_rooms: expected a whole number from 0, got True"):
        Settings(max_rooms=True)


def test_flags_are_named_as_in_the_table() -> None:
    """`--message-rate` and `SOLI_MESSAGE_RATE` are one setting."""
    (setting,) = [setting for setting in SETTINGS if setting.name == "message_rate"]

    assert (setting.flag, setting.variable) == ("--message-rate", "SOLI_MESSAGE_RATE")


def test_a_burst_of_zero_is_one_second_of_the_rate() -> None:
    """0 means no burst of its own."""
    assert Settings(message_rate=5, message_burst=0).effective_message_burst == 5
