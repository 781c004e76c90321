"""The MediaStore on AWS: an S3 bucket."""

from __future__ import annotations

from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from twbot.lambdas.aws.client_errors import error_code
from twbot.lambdas.errors import Temporary


class S3Media:
    """The MediaStore on AWS. Both calls raise Temporary where S3 fails."""

    def __init__(self, client: Any, bucket: str) -> None:
        self._client, self._bucket = client, bucket

    def put(self, key: str, data: bytes, content_type: str) -> None:
        try:
            self._client.put_object(Bucket=self._bucket, Key=key, Body=data, ContentType=content_type)
        except (ClientError, BotoCoreError) as error:
            raise Temporary(f"Cannot keep the picture {key}: {error_code(error)}.") from None

    def get(self, key: str) -> bytes:
        """Return the stored bytes. Raises KeyError where the key does not exist or has expired."""
        if not key:  # botocore refuses an empty key before it asks S3
            raise KeyError(key)
        try:
            return bytes(self._client.get_object(Bucket=self._bucket, Key=key)["Body"].read())
        except (ClientError, BotoCoreError) as error:
            if error_code(error) == "NoSuchKey":
                raise KeyError(key) from None
            raise Temporary(f"Cannot read the picture {key}: {error_code(error)}.") from None
