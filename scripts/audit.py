"""Look for known holes in what we depend on: `make audit`.

Asks an advisory service through pip-audit, and holds lower bounds and installed versions against
`scripts/advisories.toml`. Where no service answers it says so, and the list has the word.
Exit status 1 when there is a hole.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator, Mapping
from datetime import date
from importlib import metadata
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
LIST = ROOT / "scripts" / "advisories.toml"
STALE_DAYS = 90
"""A list that is older is said to be old."""
SECONDS = 300.0

_REQUIREMENT = re.compile(r"([A-Za-z0-9._-]+)\s*(?:>=\s*([0-9.]+))?")


def main() -> int:
    """Audit this checkout and this Python's packages."""
    listed = tomllib.loads(LIST.read_text("utf-8"))
    pyproject = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    faults = [*low_bounds(pyproject, listed), *old_packages(installed(), listed)]
    holes = service_answer(ask_service())
    if holes is None:
        print("no advisory service could be asked: only the list was looked at")
    else:
        print(f"the advisory service knows of {len(holes) or 'no'} holes in what is installed")
    print(f"the list is of {listed['looked']}{age_note(listed['looked'], date.today())}")
    for fault in [*(holes or []), *faults]:
        print(f"HOLE  {fault}")
    return 1 if holes or faults else 0


def age_note(looked: date, today: date) -> str:
    """What to add when the list is old."""
    days = (today - looked).days
    return f", {days} days ago: look again (CONTRIBUTING.md)" if days > STALE_DAYS else ""


def low_bounds(pyproject: Mapping[str, Any], listed: Mapping[str, Any]) -> Iterator[str]:
    """Dependencies whose lower bound admits a version with a hole, or that the list lacks."""
    project = pyproject["project"]
    optional = project.get("optional-dependencies", {})
    extras = [line for name, lines in optional.items() if name != "dev" for line in lines]
    for line in [*project["dependencies"], *extras]:
        match = _REQUIREMENT.match(line)
        assert match is not None, line
        name, bound = match[1].lower(), match[2]
        if name == project["name"]:
            continue  # one extra brings another
        entry = listed["lowest"].get(name)
        if entry is None:
            yield f"{name} is not in {LIST.name}: look for its advisories and add it"
        elif bound is None or version(bound) < version(entry["version"]):
            yield f"{name} {bound or 'of any version'} is allowed: {said(entry)}"


def old_packages(packages: Mapping[str, str], listed: Mapping[str, Any]) -> Iterator[str]:
    """Installed packages of a version with a hole."""
    for name, entry in listed["lowest"].items():
        found = packages.get(name)
        if found is not None and version(found) < version(entry["version"]):
            yield f"{name} {found} is installed: {said(entry)}"


def said(entry: Mapping[str, str]) -> str:
    return f"before {entry['version']} {entry['because']}"


def version(text: str) -> tuple[int, ...]:
    """A release's numbers, without zeros at the end: 1.0 is 1."""
    numbers = [int(part) for part in re.findall(r"\d+", re.split(r"[a-z+]", text)[0])]
    while numbers and numbers[-1] == 0:
        numbers.pop()
    return tuple(numbers)


def installed() -> dict[str, str]:
    return {one.metadata["Name"].lower(): one.version for one in metadata.distributions()}


def ask_service() -> str:
    """pip-audit's answer as JSON; empty when there is none."""
    environment = Path(sys.prefix + "-audit")
    python = environment / "bin" / "python"
    command = [str(python), "-m", "pip_audit", "--format", "json", "--skip-editable"]
    sites = [path for path in sys.path if path.endswith("site-packages")]
    try:
        if not python.exists():
            subprocess.run([sys.executable, "-m", "venv", str(environment)], check=True)
        pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*pip, "pip-audit"], check=True, timeout=SECONDS)
        asked = subprocess.run(
            [*command, "--progress-spinner", "off", *(f"--path={site}" for site in sites)],
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )
    except (OSError, subprocess.SubprocessError) as error:
        print(f"pip-audit: {error}")
        return ""
    return asked.stdout


def service_answer(text: str) -> list[str] | None:
    """The holes that the service knows of; None when it knew none of the packages at all."""
    try:
        packages = json.loads(text)["dependencies"]
    except (ValueError, KeyError, TypeError):
        return None
    known = [package for package in packages if "skip_reason" not in package]
    if not known:
        return None
    return [
        f"{package['name']} {package['version']}: {hole['id']}, mended in "
        f"{', '.join(hole['fix_versions']) or 'no version'}"
        for package in known
        for hole in package["vulns"]
    ]


if __name__ == "__main__":
    sys.exit(main())
