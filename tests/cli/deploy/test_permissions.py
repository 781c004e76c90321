"""What a template allows beyond another."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest

from tests.support.templates import Templates
from twbot.cli.deploy.permissions import widening, words

Template = dict[str, Any]
ROLE = {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": {"Statement": []}}}


def policy(*statements: Template) -> Template:
    properties = {"Roles": [{"Ref": "Role"}], "PolicyDocument": {"Statement": [*statements]}}
    return {"Resources": {"Role": ROLE, "Policy": {"Type": "AWS::IAM::Policy", "Properties": properties}}}


def allow(actions: Any, resource: Any = "*", effect: str = "Allow", **more: Any) -> Template:
    return {"Effect": effect, "Action": actions, "Resource": resource, **more}


GET = policy(allow("s3:GetObject", {"Fn::GetAtt": ["MediaA721A567", "Arn"]}))


@pytest.mark.parametrize(
    "wanted",
    [
        policy(allow(["s3:GetObject", "s3:PutObject"], {"Fn::GetAtt": ["MediaA721A567", "Arn"]})),
        policy(allow("s3:GetObject", "*")),
        policy(allow("s3:GetObject", {"Fn::GetAtt": ["MediaA721A568", "Arn"]})),
        policy(allow("s3:GetObject", {"Fn::GetAtt": ["MediaA721A567", "Arn"]}, Principal="*")),
        policy({"Effect": "Allow", "NotAction": "s3:GetObject", "Resource": {"Fn::GetAtt": ["MediaA721A567", "Arn"]}}),
        {"Resources": {**GET["Resources"], "Let": {"Type": "AWS::Lambda::Permission", "Properties": {"Action": "x"}}}},
        {
            "Resources": {
                **GET["Resources"],
                "Logs": {"Type": "AWS::Logs::ResourcePolicy", "Properties": {"PolicyDocument": "{who knows"}},
            }
        },
        {
            "Resources": {
                **GET["Resources"],
                "Other": {"Type": "AWS::IAM::Role", "Properties": {"ManagedPolicyArns": ["arn:aws:iam::aws:policy/A"]}},
            }
        },
    ],
    ids=["action", "all", "another", "anybody", "exception", "lambda", "logs", "managed"],
)
def test_whatever_allows_more_widens(wanted: Template) -> None:
    """Another action, resource, holder, kind of permission; also what cannot be read."""
    assert widening(GET, wanted).widens
    assert not widening(wanted, wanted).widens


def test_less_does_not_widen() -> None:
    """A permission that goes is told, and needs no yes."""
    found = widening(GET, {})
    assert not found.widens
    assert [*words(found.gone)] == [("Policy (Role)", "may s3:GetObject on Media")]


def test_a_condition_that_goes_widens() -> None:
    """The same permission under no condition is another one."""
    condition = {"StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}}
    assert widening(policy(allow("sns:Publish", Condition=condition)), policy(allow("sns:Publish"))).widens


def test_what_is_no_longer_forbidden_widens() -> None:
    """A Deny that goes; one that comes does not."""
    denied = policy(allow("sqs:*", effect="Deny"))
    assert widening(denied, {}).lifted
    assert widening(denied, {}).widens
    assert not widening({}, denied).widens


def test_it_makes_no_difference_how_statements_are_put() -> None:
    """One statement or several, in any order: the same permissions."""
    apart = policy(allow("s3:GetObject", "b"), allow(["s3:PutObject"], ["b"]), allow("s3:GetObject", "a"))
    together = policy(allow(["s3:GetObject"], ["a", "b"]), allow("s3:PutObject", "b"))
    assert not any(widening(apart, together))


def test_the_stacks_own_permissions_are_seen(prod: Templates) -> None:
    """Nothing is new beside itself; all that a first deployment allows is said, and any more is found."""
    for service, template in prod.by_service.items():
        assert not any(widening(template, json.loads(json.dumps(template))))
        first = widening({}, template)
        assert first.new, service
        said = [line for _, line in words(first.new)]
        assert all(" may " in f" {line} " for line in said)
    more = copy.deepcopy(prod.by_service["egress"])
    named = next(each for each in more["Resources"].values() if each["Type"] == "AWS::IAM::Policy")
    named["Properties"]["PolicyDocument"]["Statement"].append(allow("iam:PassRole"))
    (found,) = widening(prod.by_service["egress"], more).new
    assert (found.action, found.resource) == ("iam:PassRole", "*")
