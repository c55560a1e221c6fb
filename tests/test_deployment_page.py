"""Facts of the how-to pages that no program shows: services, containers, tables of options."""

from __future__ import annotations

import json
import re
import shlex

import pytest
from soli_runtime.builtins.routes import CORS_DEFAULTS
from soli_runtime.cli.run_options import run_options
from soli_runtime.http.cookies import OPTIONS
from soli_runtime.settings import Settings
from soli_stdlib.security.tokens import HMAC_ALGORITHMS, KEY_ALGORITHMS

from .support import talks
from .support.corpus import ROOT

HOWTO = ROOT / "docs" / "howto"


def judged(language: str) -> str:
    """The block in *language* that the page leaves to this file."""
    found = [one for one in talks.blocks(HOWTO / "deployment.md") if one.language == language]
    assert [one.mark for one in found] == ["judged: tests/test_deployment_page.py"]
    return found[0].text


def test_the_service_starts_soli_with_settings_that_exist() -> None:
    """Its flags and variables are read as `soli run` reads them."""
    unit = judged("ini")
    lines = re.findall(r"^(\w+)=(.*)$", unit, re.M)
    command = shlex.split(dict(lines)["ExecStart"])
    environment = dict(value.split("=", 1) for name, value in lines if name == "Environment")

    options = run_options(command[2:], environment)

    assert command[:2] == ["/srv/venv/bin/soli", "run"]
    assert set(environment) == {"SOLI_TRUSTED_PROXIES", "SOLI_ALLOWED_HOSTS"}
    assert options.settings.trusted_proxies == ("127.0.0.1",)
    assert options.settings.allowed_hosts == ("chat.example.org",)
    assert options.settings.shutdown_seconds < int(dict(lines)["TimeoutStopSec"])
    assert dict(lines)["KillSignal"] == "SIGTERM"
    assert dict(lines)["ExecReload"] == "/bin/kill -HUP $MAINPID"


def test_the_container_starts_soli_where_it_is_looked_for() -> None:
    """The command, the port that is exposed, and the address that tells of its health."""
    text = judged("dockerfile")
    command = json.loads(re.search(r"^CMD (\[.*\])$", text, re.M)[1])  # type: ignore[index]

    options = run_options(command[2:], {})

    assert command[:2] == ["soli", "run"]
    assert f"EXPOSE {options.settings.port}" in text
    assert f"127.0.0.1:{options.settings.port}/healthz" in text
    assert options.settings.host == "0.0.0.0"


def test_nginx_hands_on_what_the_server_reads() -> None:
    """Upgrades, who asks and over what; pings come before it loses patience; braces in pairs."""
    text = judged("nginx")
    patience = int(re.search(r"proxy_read_timeout (\d+)s;", text)[1])  # type: ignore[index]

    assert patience > 2 * Settings().ping_seconds
    assert f"server 127.0.0.1:{Settings().port};" in text
    for header in ("Host", "Upgrade", "Connection", "X-Forwarded-For", "X-Forwarded-Proto"):
        assert f"proxy_set_header {header} " in text
    assert text.count("{") == text.count("}")
    assert all(re.search(r"(?:[;{}]|^)$", line) for line in text.splitlines())


def table(heading: str) -> set[str]:
    """The names in the first column of the table below *heading* of the page of options."""
    text = (HOWTO / "options.md").read_text("utf-8")
    section = text.split(f"## `{heading}", 1)[1].split("\n## ", 1)[0]
    rows = re.findall(r"^\| (`[^|]+) \|", section, re.M)
    return {name for row in rows for name in re.findall(r"`(\w+)`", row)}


@pytest.mark.parametrize(
    ("heading", "known"), [("set_cookie(", set(OPTIONS)), ("cors(", set(CORS_DEFAULTS))]
)
def test_every_option_is_told(heading: str, known: set[str]) -> None:
    """No more and no less than there are."""
    assert table(heading) == known


def test_the_options_of_tokens_are_those_that_are_read() -> None:
    """In the code of `jwt_sign`; the algorithms are all named."""
    source = (ROOT / "stdlib" / "soli_stdlib" / "security" / "tokens.py").read_text("utf-8")
    read = set(re.findall(r'(?:option|_whole)\(options, "(\w+)"', source))
    text = (HOWTO / "options.md").read_text("utf-8")

    assert {"leeway", "expires_in", "kid"} < read
    assert read <= table("jwt_sign(")
    assert all(f"`{name}`" in text for name in (*HMAC_ALGORITHMS, *KEY_ALGORITHMS))


def test_every_proxy_says_for_whom_it_asks() -> None:
    """Without that, whoever asks through it for `/metrics` is taken for the machine itself."""
    haproxy = (ROOT / "docs" / "deployment.md").read_text("utf-8").partition("\nbackend chat\n")[2]
    nginx = (HOWTO / "deployment.md").read_text("utf-8")
    assert "option forwardfor" in haproxy.partition("```")[0]
    assert "proxy_set_header X-Forwarded-For" in nginx
