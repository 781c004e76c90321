"""checkov on the synthesized templates, against the findings that we know, each with its reason.

https://www.checkov.io/5.Policy%20Index/cloudformation.html
"""

from __future__ import annotations

import json
import subprocess
import tempfile
import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

from tests.audit.findings import Audit, Outcome
from tests.support.assemblies import synthesized_once
from tests.support.paths import TESTS

NAME = "templates"
KNOWN = TESTS / "audit" / "known_findings.toml"


class Finding(NamedTuple):
    """A check that a resource fails."""

    check: str
    template: str
    resource: str
    """Its construct, without the hash at the end of the logical id."""


def audit(checkov: Path) -> Audit:
    # With the hyphens no part of a path has the 40 characters that checkov (CKV_AWS_45) takes for a secret key.
    with tempfile.TemporaryDirectory(prefix="twbot-audit-") as folder:
        stage = synthesized_once(Path(folder)) / "prod"
        command = [str(checkov), "--directory", str(stage), "--framework", "cloudformation"]
        command += ["--output", "json", "--quiet", "--compact", "--skip-download"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        try:
            report = json.loads(done.stdout)
        except json.JSONDecodeError:
            return Audit(NAME, Outcome.NOT_AUDITED, f"checkov failed: {done.stderr.strip()[-300:]}")
    return judge(findings_in(report), known())


def findings_in(report: dict[str, Any]) -> set[Finding]:
    return {
        Finding(each["check_id"], Path(each["file_path"]).name.partition("-")[0], _construct(each["resource"]))
        for each in report["results"]["failed_checks"]
    }


def known() -> set[Finding]:
    """Read the findings that we know."""
    return {
        Finding(each["check"], template, resource)
        for each in tomllib.loads(KNOWN.read_text())["known"]
        for template, resources in each["resources"].items()
        for resource in resources
    }


def judge(found: Iterable[Finding], expected: Iterable[Finding]) -> Audit:
    """A finding that nobody gave a reason for is one; so is a reason for what is not found any more."""
    new, gone = sorted(set(found) - set(expected)), sorted(set(expected) - set(found))
    if new or gone:
        details = [f"new: {' '.join(each)}" for each in new] + [f"gone: {' '.join(each)}" for each in gone]
        return Audit(NAME, Outcome.FOUND, f"{len(new)} new findings, {len(gone)} are gone", tuple(details))
    return Audit(NAME, Outcome.CLEAN, f"{len(set(found))} findings, all with a reason in {KNOWN.name}")


def _construct(resource: str) -> str:
    """Return type and construct: CDK ends a logical id with eight hexadecimal digits of a hash."""
    kind, _, logical = resource.rpartition(".")
    return f"{kind}.{logical[:-8]}"
