"""boto3's clients, each made on first use, once per execution environment.

https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import boto3
from botocore.config import Config

# Enough retries for a moment of throttling. botocore's default of 60 seconds a read would use up the time of most
# functions: https://boto3.amazonaws.com/v1/documentation/api/latest/guide/retries.html
_CONFIG = Config(connect_timeout=2, read_timeout=10, retries={"mode": "standard", "total_max_attempts": 4})


@functools.cache
def client(service: str) -> Any:
    make: Callable[..., Any] = boto3.client
    return make(service, config=_CONFIG)
