"""The secrets of the bot's own functions on AWS: one in Secrets Manager for each."""

from __future__ import annotations

from typing import Any

import botocore.exceptions as failures

from twbot.cli.operations.aws_errors import translate_aws_errors
from twbot.lambdas.aws.client_errors import error_code
from twbot.lambdas.own.secret_names import secret_name


class ManagedOwnSecrets:
    """The own secrets of a stage. Each call raises AwsError."""

    def __init__(self, client: Any, stage: str) -> None:
        self.place = "Secrets Manager"
        self._client, self._stage = client, stage

    def names(self) -> list[str]:
        """Return the names of the stored secrets."""
        prefix = secret_name(self._stage, "")
        with translate_aws_errors(self._stage):
            # The filter takes what begins with the text:
            # https://docs.aws.amazon.com/secretsmanager/latest/APIReference/API_Filter.html
            filters = [{"Key": "name", "Values": [prefix]}]
            pages = self._client.get_paginator("list_secrets").paginate(Filters=filters)
            found = [str(each["Name"]) for page in pages for each in page["SecretList"]]
        return sorted(name.removeprefix(prefix) for name in found if name.startswith(prefix))

    def put(self, name: str, value: str) -> None:
        """Store a secret, in place of the one of this name."""
        full = secret_name(self._stage, name)
        with translate_aws_errors(self._stage):
            try:
                self._client.put_secret_value(SecretId=full, SecretString=value)
            except failures.ClientError as error:
                if error_code(error) != "ResourceNotFoundException":
                    raise
                self._client.create_secret(Name=full, SecretString=value, Description="twbot: for own functions")

    def remove(self, name: str) -> bool:
        """Remove a secret for good, and return whether it was there."""
        full = secret_name(self._stage, name)
        with translate_aws_errors(self._stage):
            try:
                # A deletion of something that is not there is no error for AWS when it is forced:
                # https://docs.aws.amazon.com/secretsmanager/latest/APIReference/API_DeleteSecret.html
                self._client.describe_secret(SecretId=full)
            except failures.ClientError as error:
                if error_code(error) != "ResourceNotFoundException":
                    raise
                return False
            self._client.delete_secret(SecretId=full, ForceDeleteWithoutRecovery=True)
        return True
