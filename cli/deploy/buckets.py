"""Emptying a bucket, without which CloudFormation does not delete it: every version of every object."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from botocore.exceptions import ClientError

from twbot.cli.operations.aws_errors import AwsError

BATCH_SIZE = 1000


def empty(s3: Any, bucket: str) -> Iterator[int]:
    """How many went, batch by batch. A bucket that is not there is empty. Raises AwsProblem."""
    try:
        while batch := _some(s3.list_object_versions(Bucket=bucket, MaxKeys=BATCH_SIZE)):
            _delete(s3, bucket, batch)
            yield len(batch)
    except ClientError as error:
        if error.response["Error"]["Code"] not in ("NoSuchBucket", "404"):
            raise


def _some(page: dict[str, Any]) -> list[dict[str, str]]:
    found = [*page.get("Versions", []), *page.get("DeleteMarkers", [])]
    return [{"Key": each["Key"], "VersionId": each["VersionId"]} for each in found]


def _delete(s3: Any, bucket: str, objects: list[dict[str, str]]) -> None:
    """S3 answers 200 also where it could not delete some."""
    left = s3.delete_objects(Bucket=bucket, Delete={"Objects": objects, "Quiet": True}).get("Errors", [])
    if left:
        why = f"{left[0].get('Code')}: {left[0].get('Message', '')}"
        words = f"{len(left)} objects of the bucket {bucket} cannot be deleted: {why}"
        raise AwsError(words, "Have s3:DeleteObject and s3:DeleteObjectVersion allowed")
