"""Operating a stage on AWS: a session in the right place, and what AWS refuses, in words."""

from __future__ import annotations

import contextlib
import os
import shlex
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import msgspec
from botocore.config import Config

from twbot.cli.operations.aws_errors import NotDeployed, translate_aws_errors
from twbot.cli.operations.aws_keys import SecretsManagerKeys
from twbot.lambdas.errors import TwbotError
from twbot.lambdas.settings import FILE, load
from twbot.lambdas.x.http import X_URL
from twbot.stacks.config import AwsConfig, StageConfig

OUTPUT = "WebhookUrl"


class AwsBot:
    """A stage on AWS. `profile` and `region` come before those of the stage's table."""

    def __init__(self, name: str, *, profile: str | None = None, region: str | None = None, file: Path = FILE) -> None:
        self.config = _stage(name, file)
        self.name = name
        self.account_id = self.config.aws.twitter_account_id
        typed = {"--profile": profile, "--region": region}
        self._typed = "".join(f" {option} {shlex.quote(each)}" for option, each in typed.items() if each)
        self._clients: dict[str, Any] = {}
        self._making = threading.Lock()
        with translate_aws_errors(name):
            self._session = boto3.Session(
                profile_name=profile or self.config.aws.profile,
                # boto3 does not know AWS_REGION, all else of AWS does.
                region_name=region or self.config.aws.region or os.environ.get("AWS_REGION") or None,
            )

    @property
    def option(self) -> str:
        """What a hint's command needs to be about this stage."""
        return f" --stage {self.name}{self._typed}"

    @property
    def x_url(self) -> str:
        return self.config.aws.x_url or X_URL

    @property
    def simulated(self) -> bool:
        """Whether something stands in for X."""
        return self.config.aws.x_url is not None

    def client(self, service: str) -> Any:
        """A client of AWS's, for any thread; tries again by itself when AWS throttles."""
        retries: Any = {"mode": "standard", "max_attempts": 4}
        with self._making, translate_aws_errors(self.name):  # sessions, unlike clients, are one thread's at a time
            if service not in self._clients:
                config = Config(retries=retries, connect_timeout=5, read_timeout=30, max_pool_connections=16)
                self._clients[service] = self._session.client(service, config=config)  # type: ignore[call-overload]
            return self._clients[service]

    def secrets(self) -> SecretsManagerKeys:
        return SecretsManagerKeys(self.client("secretsmanager"), self.config.secret, self.name)

    def webhook_url(self) -> str:
        """Raises NotDeployed."""
        return self.output("ingress", OUTPUT)

    def output(self, service: str, name: str) -> str:
        """An output of the stack of one of the stage's microservices. Raises NotDeployed."""
        stack = f"{self.config.prefix}-{service}"
        region = self._session.region_name
        missing = f"The stage {self.name} is not deployed in {region}: it has no stack {stack}."
        with translate_aws_errors(self.name, missing=missing):
            found = self.client("cloudformation").describe_stacks(StackName=stack)["Stacks"][0]
        outputs = {each["OutputKey"]: str(each["OutputValue"]) for each in found.get("Outputs", [])}
        if name not in outputs:
            raise NotDeployed(
                f"The stack {stack} in {region} ({found['StackStatus']}) has no output {name}.", self.name
            )
        return outputs[name]

    @contextlib.contextmanager
    def translate_errors(self) -> Iterator[None]:
        """AWS's refusals inside, in words."""
        with translate_aws_errors(self.name):
            yield


def _stage(name: str, file: Path) -> StageConfig:
    """Like twbot.stacks.config.load_stage, but operating needs no account id."""
    settings = load(file, name)
    try:
        return StageConfig(name=name, settings=settings, aws=msgspec.convert(settings.aws, AwsConfig))
    except msgspec.ValidationError as error:
        raise TwbotError(f"{file}, [stages.{name}.aws]: {error}") from None
