"""The lines of the CDK command as the state of each stack."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from twbot.cli.deploy.cdk_progress import Following

STACKS = ["twbot-prod-plumbing", "twbot-prod-ingress", "twbot-prod-egress"]
DEPLOYED = """
Plumbing-prod (twbot-prod-plumbing)
Plumbing-prod (twbot-prod-plumbing): deploying... [1/3]

✅  Plumbing-prod (twbot-prod-plumbing) (no changes)

Outputs:
Plumbing-prod.BusName = Plumbing
Ingress-prod (twbot-prod-ingress): deploying... [2/3]
twbot-prod-ingress |  1/18 | 8:18:18 AM | CREATE_COMPLETE      | AWS::Logs::LogGroup | Ingress-prod/Log (Log2088FFDD)
twbot-prod-ingress |  2/18 | 8:18:18 AM | CREATE_IN_PROGRESS   | AWS::Lambda::Function | Ingress-prod/Fn (FnB31)
""".splitlines()


def following(lines: list[str]) -> Following:
    found = Following(STACKS)
    for line in lines:
        found.line(line)
    return found


def test_each_stack_has_its_state() -> None:
    """Done without a change, under way, and not begun."""
    found = following(DEPLOYED)
    assert found.named("unchanged") == ["twbot-prod-plumbing"]
    assert found.named("working") == ["twbot-prod-ingress"]
    assert found.named("waiting") == ["twbot-prod-egress"]
    ingress = found.stacks["twbot-prod-ingress"]
    assert (ingress.count, ingress.total, ingress.doing) == (2, 18, "Lambda::Function Fn")


def test_what_fails_is_known() -> None:
    """The stack, and the resource that it failed at."""
    failed = "twbot-prod-ingress | 3/18 | 8:18:15 AM | CREATE_FAILED | AWS::SQS::Queue | Ingress-prod/Q (Q1) no"
    found = following([*DEPLOYED, failed, " ❌  Ingress-prod (twbot-prod-ingress) failed: DeploymentError: no"])
    assert found.named("failed") == ["twbot-prod-ingress"]
    assert found.failure is not None
    assert (found.failure.path, found.failure.reason) == ("Ingress-prod/Q", "no")


def test_a_stack_that_is_gone_is_done() -> None:
    """As `destroy` says it."""
    lines = [
        "twbot-prod-egress |  44 | 8:18:21 AM | DELETE_COMPLETE | AWS::CloudFormation::Stack | twbot-prod-egress ",
        "✅  Egress-prod (twbot-prod-egress): destroyed",
    ]
    assert following(lines).named("done") == ["twbot-prod-egress"]


@given(st.lists(st.text(max_size=80)))
def test_any_other_line_changes_nothing(lines: list[str]) -> None:
    """Whatever the command says besides."""
    assert following(lines).named("waiting") == STACKS
