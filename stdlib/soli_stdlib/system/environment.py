"""Environment variables, from the host's mapping (docs/spec §L20)."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from soli_lang.base.errors import SoliError
from soli_lang.machine.machine import Machine
from soli_lang.native.native import Any_, String, function
from soli_lang.values.values import Value

PROTECT_VARIABLE = "SOLI_PROTECT_ENV"
"""Names, separated by commas or spaces, that `.env` files never overwrite."""


@function("getenv", String("string name"))
def getenv(machine: Machine, name: str) -> str | None:
    """The variable's value, null when it is not set."""
    environment: Mapping[str, str] = machine.capabilities.require("environment", "getenv")
    value = environment.get(name)
    # What is not UTF-8 comes from the system as lone surrogates, which no String holds.
    return (
        None
        if value is None
        else value.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    )


@function("hasenv", String("string name"))
def hasenv(machine: Machine, name: str) -> bool:
    """Whether the variable is set."""
    return name in machine.capabilities.require("environment", "hasenv")


def _removed(name: str) -> Callable[..., Value]:
    def removed(*_: Value) -> Value:
        raise SoliError(
            f"{name}() has been removed. Set variables in the environment or in a .env file."
        )

    removed.__doc__ = "Set variables in the environment, or in a `.env` file."
    return function(name, Any_.rest())(removed)


setenv = _removed("setenv")
unsetenv = _removed("unsetenv")
dotenv = _removed("dotenv")
dotenv_strict = _removed("dotenv!")


def parse_dotenv(text: str) -> dict[str, str]:
    """The variables of a `.env` file: `NAME=value`, `export NAME="value"`, `# comments`."""
    variables = {}
    for line in text.splitlines():
        name, equals, value = line.strip().removeprefix("export ").partition("=")
        name = name.strip()
        if equals and name and not name.startswith("#"):
            variables[name] = _dotenv_value(value.strip())
    return variables


def _dotenv_value(value: str) -> str:
    quote = value[:1]
    if quote in ("'", '"'):
        end = value.find(quote, 1)
        inner = value[1:end] if end > 0 else value[1:]
        return inner.replace("\\n", "\n").replace('\\"', '"') if quote == '"' else inner
    return value.partition(" #")[0].rstrip()


def with_dotenv(
    environment: Mapping[str, str], common: str | None, specific: str | None
) -> dict[str, str]:
    """*environment* with the texts of `.env` (does not overwrite) and `.env.APP_ENV` (does).

    Variables that `SOLI_PROTECT_ENV` lists are never overwritten (§L20).
    """
    merged = {**parse_dotenv(common or ""), **environment}
    protected = set(environment.get(PROTECT_VARIABLE, "").replace(",", " ").split())
    for name, value in parse_dotenv(specific or "").items():
        if name not in protected or name not in environment:
            merged[name] = value
    return merged
