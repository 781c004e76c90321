"""boto3's clients, each made when first needed, once a container."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import boto3
from botocore.config import Config

# A throttled call is tried again; a service that hangs uses up no function's whole time.
_CONFIG = Config(connect_timeout=2, read_timeout=10, retries={"mode": "standard", "total_max_attempts": 4})


@functools.cache
def client(service: str) -> Any:
    make: Callable[..., Any] = boto3.client
    return make(service, config=_CONFIG)
