"""What boto3 raises, by name."""

from __future__ import annotations

from botocore.exceptions import BotoCoreError, ClientError


def error_code(error: ClientError | BotoCoreError) -> str:
    """AWS's code of the error; where AWS was not reached, the name of botocore's."""
    return str(error.response["Error"]["Code"]) if isinstance(error, ClientError) else type(error).__name__
