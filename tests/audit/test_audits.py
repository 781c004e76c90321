"""The audits: what is wrong is found, and what nobody could look at is not called clean."""

from __future__ import annotations

import tomllib
from typing import Any

import pytest

from tests.audit import advisories, licences, templates
from tests.audit.findings import Outcome
from tests.audit.templates import KNOWN, Finding


def looked_up(name: str, *flaws: str) -> dict[str, Any]:
    return {"name": name, "version": "1", "vulns": [{"id": flaw} for flaw in flaws]}


UNKNOWN = {"name": "b", "skip_reason": "Dependency not found and could not be audited"}


@pytest.mark.parametrize(
    ("dependencies", "outcome"),
    [
        ([looked_up("a")], Outcome.CLEAN),
        ([looked_up("a", "CVE-1"), UNKNOWN], Outcome.FOUND),
        ([looked_up("a"), UNKNOWN], Outcome.NOT_AUDITED),
        ([], Outcome.NOT_AUDITED),
    ],
)
def test_packages_that_could_not_be_looked_up_are_not_clean(dependencies: Any, outcome: Outcome) -> None:
    """pip-audit says "No known vulnerabilities found" of a package that it found nowhere."""
    assert advisories.judge(dependencies).outcome is outcome


@pytest.mark.parametrize(
    ("licence", "outcome"),
    [
        ("MIT", Outcome.CLEAN),
        ("BSD-3-Clause AND Zlib", Outcome.CLEAN),
        ("GPL-3.0-only", Outcome.FOUND),
        ("MIT AND AGPL-3.0-only", Outcome.FOUND),
        ("GNU General Public License v2 (GPLv2)", Outcome.FOUND),
        ("", Outcome.FOUND),
        (None, Outcome.CLEAN),
    ],
)
def test_a_licence_is_on_the_list_or_found(licence: str | None, outcome: Outcome) -> None:
    """Every part of a combined one; None is a package that is not installed on this platform."""
    known: dict[str, str | None] = dict.fromkeys(licences.KNOWN, "UNKNOWN")
    assert licences.judge({**known, "package": licence}).outcome is outcome


def test_the_licences_of_this_environment_are_on_the_list() -> None:
    """This part of `make audit` needs no network."""
    result = licences.audit()
    assert result.outcome is Outcome.CLEAN, result.details


def test_a_finding_without_a_reason_is_found_and_so_is_a_reason_without_a_finding() -> None:
    """The list says what is there, nothing else."""
    one, other = (
        Finding("CKV_1", "Egress", "AWS::SQS::Queue.Tweets"),
        Finding("CKV_2", "Egress", "AWS::SQS::Queue.Tweets"),
    )
    assert templates.judge([one], [one]).outcome is Outcome.CLEAN
    assert templates.judge([one, other], [one]).details == ("new: CKV_2 Egress AWS::SQS::Queue.Tweets",)
    assert templates.judge([], [one]).details == ("gone: CKV_1 Egress AWS::SQS::Queue.Tweets",)


def test_findings_are_read_from_checkovs_report() -> None:
    """Without the hash that CDK appends to a logical id, which changes with the construct's place."""
    failed = {
        "check_id": "CKV_1",
        "file_path": "/Egress-prod.template.json",
        "resource": "AWS::SQS::Queue.Tweets0D8C391B",
    }
    report = {"results": {"failed_checks": [failed]}}
    assert templates.findings_in(report) == {Finding("CKV_1", "Egress", "AWS::SQS::Queue.Tweets")}


def test_each_known_finding_has_a_reason() -> None:
    """A sentence, for whoever reads the list."""
    assert all(each["reason"].endswith(".") for each in tomllib.loads(KNOWN.read_text())["known"])
