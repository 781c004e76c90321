"""What a stage costs when nobody tweets is what the documentation lists."""

from __future__ import annotations

import re

from tests.support.paths import ROOT
from tests.support.templates import Templates

# Paid by the month or by what they store, and how docs/aws.md calls them; everything else is paid by use or free.
PAID = {
    "AWS::CloudWatch::Alarm": "alarms",
    "AWS::CloudWatch::Dashboard": "dashboard",
    "AWS::DynamoDB::Table": "DynamoDB",
    "AWS::Events::Archive": "archive",
    "AWS::KMS::Key": "KMS",
    "AWS::Logs::LogGroup": "logs",
    "AWS::S3::Bucket": "S3",
}
PAID_BY_USE = re.compile(
    r"AWS::(ApiGateway|Athena|Events|Glue|IAM|KinesisFirehose|Lambda|Lex|Logs|SNS|SQS|S3|StepFunctions)::"
    r"(?!Provisioned|Capacity)"
)
# Standard parameters: https://aws.amazon.com/systems-manager/pricing/
FREE = ("AWS::KMS::Alias", "AWS::SSM::Parameter")


def test_nothing_is_paid_by_the_month_that_is_not_listed(any_stage: Templates) -> None:
    """Each kind of resource is paid by use, or is in the list of the documentation."""
    listed = (ROOT / "docs" / "aws.md").read_text("utf-8")
    for resource in any_stage.resources():
        if resource.type in PAID:
            assert PAID[resource.type] in listed
        else:
            assert resource.type in FREE or PAID_BY_USE.match(resource.type), resource.type


def test_the_list_counts_the_alarms(prod: Templates) -> None:
    """The documentation says how many alarms a stage has, and how many metrics it pays for in them."""
    listed = (ROOT / "docs" / "aws.md").read_text("utf-8")
    alarms = prod.resources("AWS::CloudWatch::Alarm")
    metrics = sum(
        len([one for one in each.properties.get("Metrics", [{}]) if "Expression" not in one]) for each in alarms
    )
    assert f"{len(alarms)} alarms on {metrics} metrics" in listed


def test_nothing_waits_at_a_price(any_stage: Templates) -> None:
    """No function is kept warm, no table's throughput bought, no cache or shard paid by the hour."""
    for table in any_stage.resources("AWS::DynamoDB::Table"):
        assert table.properties["BillingMode"] == "PAY_PER_REQUEST"
    for stage in any_stage.resources("AWS::ApiGateway::Stage"):
        assert not stage.properties.get("CacheClusterEnabled")
    assert any_stage.one("AWS::KinesisFirehose::DeliveryStream").properties["DeliveryStreamType"] == "DirectPut"
