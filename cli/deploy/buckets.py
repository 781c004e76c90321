"""Empties S3 buckets: CloudFormation deletes no bucket that holds objects or versions of objects."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from botocore.exceptions import ClientError

from twbot.cli.operations.aws_errors import AwsError
from twbot.lambdas.aws.client_errors import error_code

# The most that one DeleteObjects call accepts: https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjects.html
BATCH_SIZE = 1000


def empty(s3: Any, bucket: str) -> Iterator[int]:
    """Delete every version of every object, and yield the number of deletions batch by batch.

    A bucket that does not exist counts as empty. Raises AwsError.
    """
    try:
        # No paginator: after each deletion the next versions are on the first page.
        while batch := _versions(s3.list_object_versions(Bucket=bucket, MaxKeys=BATCH_SIZE)):
            _delete(s3, bucket, batch)
            yield len(batch)
    except ClientError as error:
        if error_code(error) not in ("NoSuchBucket", "404"):
            raise


def _versions(page: dict[str, Any]) -> list[dict[str, str]]:
    # A delete marker keeps a bucket from being deleted, too:
    # https://docs.aws.amazon.com/AmazonS3/latest/userguide/empty-bucket.html
    found = [*page.get("Versions", []), *page.get("DeleteMarkers", [])]
    return [{"Key": each["Key"], "VersionId": each["VersionId"]} for each in found]


def _delete(s3: Any, bucket: str, objects: list[dict[str, str]]) -> None:
    # S3 answers 200 even if it could not delete some of the objects. Without this check the loop would never end.
    errors = s3.delete_objects(Bucket=bucket, Delete={"Objects": objects, "Quiet": True}).get("Errors", [])
    if errors:
        why = f"{errors[0].get('Code')}: {errors[0].get('Message', '')}"
        message = f"{len(errors)} objects of the bucket {bucket} cannot be deleted: {why}"
        raise AwsError(message, "Have s3:DeleteObject and s3:DeleteObjectVersion allowed")
