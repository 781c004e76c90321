"""Emptying a bucket before its stack goes."""

from __future__ import annotations

from typing import Any

import boto3
import pytest
from moto import mock_aws

from twbot.cli.deploy.buckets import empty
from twbot.cli.operations.aws_errors import AwsError


@pytest.fixture
def s3(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    with mock_aws():
        client = boto3.client("s3", region_name="us-east-1")
        client.create_bucket(Bucket="lake")
        yield client


def test_every_version_and_marker_goes(s3: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """More than a batch, in a bucket with versions and deleted objects: then it can be deleted."""
    s3.put_bucket_versioning(Bucket="lake", VersioningConfiguration={"Status": "Enabled"})
    monkeypatch.setattr("twbot.cli.deploy.buckets.BATCH_SIZE", 10)
    for number in range(23):
        s3.put_object(Bucket="lake", Key=f"events/{number}", Body=b"1")
    for number in range(3):
        s3.put_object(Bucket="lake", Key=f"events/{number}", Body=b"2")
        s3.delete_object(Bucket="lake", Key=f"events/{number}")
    batches = [*empty(s3, "lake")]
    assert (sum(batches), max(batches)) == (29, 10)
    s3.delete_bucket(Bucket="lake")


def test_a_bucket_that_is_gone_is_empty(s3: Any) -> None:
    """Somebody deleted it: nothing to do."""
    assert [*empty(s3, "another")] == []


def test_what_cannot_be_deleted_is_said(s3: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """S3 answers 200 and lists it."""
    s3.put_object(Bucket="lake", Key="a", Body=b"1")
    refused = {"Errors": [{"Key": "a", "Code": "AccessDenied", "Message": "no"}]}
    monkeypatch.setattr(s3, "delete_objects", lambda **_: refused)
    with pytest.raises(AwsError, match=r"1 objects of the bucket lake .* AccessDenied"):
        [*empty(s3, "lake")]
