"""What boto3 raises, by name."""

from __future__ import annotations

from botocore.exceptions import BotoCoreError, ClientError


def error_code(error: ClientError | BotoCoreError) -> str:
    """Return AWS's error code, or the name of botocore's exception where AWS was not reached."""
    return str(error.response["Error"]["Code"]) if isinstance(error, ClientError) else type(error).__name__
