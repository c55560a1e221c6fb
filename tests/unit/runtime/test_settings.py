"""Settings: defaults, text, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest
from soli_runtime.cli.arguments import GROUPS
from soli_runtime.cli.exits import UsageError
from soli_runtime.cli.run_options import run_options
from soli_runtime.settings import ENDING, SETTINGS, SettingError, Settings
from soli_runtime.settings.former import REMOVED, RENAMED

from tests.support.live import ROOT


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
    assert (settings.max_rooms, settings.constants.max_presence_bytes) == (128, 4096)
    assert settings.constants.presence_resync_seconds == 1
    assert settings.constants.presence_resync_bytes == 1024 * 1024
    assert settings.handler_steps == 2_000_000
    assert (settings.handler_cpu_seconds, settings.handler_suspend_seconds) == (0.15, 30)
    assert settings.constants.max_value_bytes == 64 * 1024 * 1024
    assert (settings.allowed_origins, settings.trusted_proxies) == ((), ())
    assert settings.allowed_hosts == ()
    assert (settings.session_user_key, settings.max_connection_age) == ("user_id", 0)
    assert (settings.compression, settings.binary) == (False, "accept")
    assert settings.shutdown_seconds == 10
    limits = [setting for setting in SETTINGS if setting.kind in ("count", "seconds")]
    # Connections may get as old as they will, and presence ends with them, unless somebody asks.
    unset = [one.name for one in limits if not one.default]
    assert unset == ["max_connection_age", "presence_grace_seconds"]
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


BY_NAME = {setting.name: setting for setting in SETTINGS}


def value_of(name: str) -> str:
    """A text that is not the default of a setting."""
    return "other" if BY_NAME[name].kind == "text" else "7"


@pytest.mark.parametrize(("former", "present"), RENAMED.items())
def test_a_former_name_works_and_says_so_once(former: str, present: str) -> None:
    """As a flag, as a variable, as an argument and as an attribute."""
    text = value_of(present)
    flag, new_flag = f"--{former.replace('_', '-')}", BY_NAME[present].flag
    variable, new_variable = f"SOLI_{former.upper()}", BY_NAME[present].variable
    value = BY_NAME[present].parse(text, "")
    sentence = "{} is now called {}; the old name stops working in the next version"

    reports: list[str] = []
    options = run_options(["app.soli", flag, text], {}, reports.append)
    assert getattr(options.settings, present) == value
    assert reports == [sentence.format(flag, new_flag)]

    for arguments in (["app.soli"], ["app.soli", "--dev"]):
        reports = []
        options = run_options(arguments, {variable: text}, reports.append)
        assert getattr(options.settings, present) == value
        assert reports == [sentence.format(variable, new_variable)]

    with pytest.warns(DeprecationWarning, match=f"'{former}' is now called '{present}'"):
        settings = Settings(**{former: value})
    assert getattr(settings, present) == value
    with pytest.warns(DeprecationWarning, match=f"'{former}' is now called '{present}'"):
        assert getattr(settings, former) == value


@pytest.mark.parametrize("former", REMOVED)
def test_a_removed_setting_is_ignored_and_says_so_once(former: str) -> None:
    """As a flag, as a variable and as an argument, whatever its value."""
    flag, variable = f"--{former.replace('_', '-')}", f"SOLI_{former.upper()}"
    sentence = f"{{}} is no longer a setting and is ignored: {REMOVED[former]}"

    reports: list[str] = []
    options = run_options(["app.soli", flag, "nonsense"], {}, reports.append)
    assert (options.settings, reports) == (Settings(), [sentence.format(flag)])
    reports = []
    options = run_options(["app.soli"], {variable: "nonsense"}, reports.append)
    assert (options.settings, reports) == (Settings(), [sentence.format(variable)])
    with pytest.warns(DeprecationWarning, match="no longer a setting"):
        assert Settings(**{former: 1}) == Settings()


def test_the_present_name_wins_over_the_former() -> None:
    """Among flags and among variables; a flag of either name wins over a variable."""
    flags = ["app.soli", "--handler-seconds", "1", "--handler-cpu-seconds", "2"]
    assert run_options(flags, {}).settings.handler_cpu_seconds == 2
    both = {"SOLI_HANDLER_SECONDS": "1", "SOLI_HANDLER_CPU_SECONDS": "2"}
    assert run_options(["app.soli"], both).settings.handler_cpu_seconds == 2
    flag = ["app.soli", "--handler-seconds", "3"]
    assert run_options(flag, both).settings.handler_cpu_seconds == 3


def test_a_wrong_value_is_reported_under_the_name_that_was_given() -> None:
    """So that it can be found."""
    expected = "expected a number of seconds from 0, got 'x'"
    with pytest.raises(UsageError, match=f"--body-seconds: {expected}"):
        run_options(["app.soli", "--body-seconds", "x"], {})
    with pytest.raises(UsageError, match=f"SOLI_BODY_SECONDS: {expected}"):
        run_options(["app.soli"], {"SOLI_BODY_SECONDS": "x"})


def test_upgrading_lists_every_former_name() -> None:
    """With the name or the sentence that takes its place."""
    text = (ROOT / "docs" / "upgrading.md").read_text("utf-8")
    for former, present in RENAMED.items():
        row = f"| `--{former.replace('_', '-')}` | `{BY_NAME[present].flag}` |"
        assert row in text
    for former, reason in REMOVED.items():
        assert f"| `--{former.replace('_', '-')}` | {reason} |" in text


def test_help_lists_every_setting_in_one_group() -> None:
    """And none that was renamed, removed or is ending."""
    listed = [name for names in GROUPS.values() for name in names]
    assert sorted(listed) == sorted(BY_NAME)
    hidden = {setting.name for setting in ENDING} | set(RENAMED) | set(REMOVED)
    assert not hidden & set(listed)
