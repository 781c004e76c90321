"""An account for the handlers: what the stacks make, in moto, reachable from the process of a bundle."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from moto import mock_aws

from tests.support.aws_account import Account
from tests.support.bundles import AWS_OF_TESTS, Bundles
from tests.support.loopback_aws import loopback_aws


@pytest.fixture
def account(bundles: Bundles, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Account]:
    for name, value in AWS_OF_TESTS.items():
        monkeypatch.setenv(name, value)
    with mock_aws(), loopback_aws() as aws:
        yield Account(aws, bundles, tmp_path)
