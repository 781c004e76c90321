"""A stage on AWS: its settings, and clients in its account and region whose errors are translated."""

from __future__ import annotations

import contextlib
import os
import shlex
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config

from twbot.cli.operations.aws_errors import NotDeployed, translate_aws_errors
from twbot.cli.operations.aws_keys import SecretsManagerKeys
from twbot.cli.operations.aws_own_secrets import ManagedOwnSecrets
from twbot.lambdas.settings import settings_file
from twbot.lambdas.x.http import X_URL
from twbot.stacks.config import stage_config

OUTPUT = "WebhookUrl"


class AwsBot:
    """A stage on AWS, as a Bot.

    `profile` and `region` override those of the stage's table in `file`. Raises TwbotError.
    """

    def __init__(
        self, name: str, *, profile: str | None = None, region: str | None = None, file: Path | None = None
    ) -> None:
        self.config = stage_config(name, file or settings_file())
        self.name = name
        self.account_id = self.config.aws.twitter_account_id
        typed = {"--profile": profile, "--region": region}
        self._typed = "".join(f" {option} {shlex.quote(each)}" for option, each in typed.items() if each)
        self._clients: dict[str, Any] = {}
        self._client_lock = threading.Lock()
        with translate_aws_errors(name):
            self._session = boto3.Session(
                profile_name=profile or self.config.aws.profile,
                # boto3 reads AWS_DEFAULT_REGION only; the other SDKs and the CLI read AWS_REGION.
                # https://docs.aws.amazon.com/sdkref/latest/guide/feature-region.html
                region_name=region or self.config.aws.region or os.environ.get("AWS_REGION") or None,
            )

    @property
    def option(self) -> str:
        """The options that make a hint's command about this stage, with a leading blank."""
        return f" --stage {self.name}{self._typed}"

    @property
    def x_url(self) -> str:
        return self.config.aws.x_url or X_URL

    @property
    def simulated(self) -> bool:
        """Whether the stage talks to a simulated X."""
        return self.config.aws.x_url is not None

    def client(self, service: str) -> Any:
        """Return the client of a service, made once. Any thread may use it. Raises AwsError."""
        # The standard mode repeats throttled calls with a growing pause.
        # https://docs.aws.amazon.com/sdkref/latest/guide/feature-retry-behavior.html
        retries: Any = {"mode": "standard", "max_attempts": 4}
        # Clients are thread-safe, but making one from a shared session is not.
        # https://boto3.amazonaws.com/v1/documentation/api/latest/guide/clients.html
        with self._client_lock, translate_aws_errors(self.name):
            if service not in self._clients:
                config = Config(retries=retries, connect_timeout=5, read_timeout=30, max_pool_connections=16)
                self._clients[service] = self._session.client(service, config=config)  # type: ignore[call-overload]
            return self._clients[service]

    def secrets(self) -> SecretsManagerKeys:
        return SecretsManagerKeys(self.client("secretsmanager"), self.config.secret, self.name)

    def own_secrets(self) -> ManagedOwnSecrets:
        return ManagedOwnSecrets(self.client("secretsmanager"), self.name)

    def webhook_url(self) -> str:
        """Return the webhook's address. Raises NotDeployed."""
        return self.output("ingress", OUTPUT)

    def output(self, service: str, name: str) -> str:
        """Return an output of the stack of a microservice. Raises NotDeployed."""
        stack = f"{self.config.prefix}-{service}"
        region = self._session.region_name
        missing = f"The stage {self.name} is not deployed in {region}: it has no stack {stack}."
        with translate_aws_errors(self.name, missing=missing):
            description = self.client("cloudformation").describe_stacks(StackName=stack)["Stacks"][0]
        outputs = {each["OutputKey"]: str(each["OutputValue"]) for each in description.get("Outputs", [])}
        if name not in outputs:
            raise NotDeployed(
                f"The stack {stack} in {region} ({description['StackStatus']}) has no output {name}.", self.name
            )
        return outputs[name]

    @contextlib.contextmanager
    def translate_errors(self) -> Iterator[None]:
        """Raise AwsError for a botocore error inside."""
        with translate_aws_errors(self.name):
            yield
