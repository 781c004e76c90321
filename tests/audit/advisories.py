"""Known vulnerabilities of what the locks pin, by pip-audit: https://github.com/pypa/pip-audit"""

from __future__ import annotations

import json
import math
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from tests.audit.findings import Audit, Outcome
from tests.support.paths import ROOT

NAME = "advisories"
LOCKS = ("local.txt", "dev.txt")
# Two sources: some networks have a package index without advisories, or none of these hosts.
SERVICES = ("pypi", "osv")


def audit(pip_audit: Path) -> Audit:
    """Look up what each lock pins, at the first service that knows it."""
    answers = [_at_any_service(pip_audit, lock) for lock in LOCKS]
    return judge([each for answer in answers for each in answer])


def judge(dependencies: list[dict[str, Any]]) -> Audit:
    """Judge pip-audit's `dependencies`. It calls a package that it could not look up clean; we do not."""
    found = {
        f"{each['name']} {each['version']}: {flaw['id']}" for each in dependencies for flaw in each.get("vulns", [])
    }
    unknown = {each["name"] for each in dependencies if "skip_reason" in each}
    looked_up = {each["name"] for each in dependencies} - unknown
    if found:
        return Audit(NAME, Outcome.FOUND, f"{len(found)} known vulnerabilities", tuple(sorted(found)))
    if unknown or not looked_up:
        summary = f"NOT audited: {len(looked_up)} packages were looked up, {len(unknown)} could not be"
        return Audit(NAME, Outcome.NOT_AUDITED, summary, tuple(sorted(unknown)[:5]))
    return Audit(NAME, Outcome.CLEAN, f"no known vulnerability in {len(looked_up)} packages")


def _at_any_service(pip_audit: Path, lock: str) -> list[dict[str, Any]]:
    answers = (_ask(pip_audit, lock, service) for service in SERVICES)
    return min(answers, key=_unknown)


def _unknown(dependencies: list[dict[str, Any]]) -> float:
    """Return how many packages a service does not know; no answer at all is the worst."""
    return sum("skip_reason" in each for each in dependencies) if dependencies else math.inf


def _ask(pip_audit: Path, lock: str, service: str) -> list[dict[str, Any]]:
    """Return what a service knows of a lock's packages; nothing where it can't be reached."""
    with tempfile.TemporaryDirectory() as folder:
        answer = Path(folder, "answer.json")
        command = [str(pip_audit), "--disable-pip", "--require-hashes", "-r", str(ROOT / "requirements" / lock)]
        command += ["--format", "json", "--output", str(answer), "--timeout", "10", "--vulnerability-service", service]
        subprocess.run(command, capture_output=True, check=False)
        found: list[dict[str, Any]] = json.loads(answer.read_text())["dependencies"] if answer.exists() else []
        return found
