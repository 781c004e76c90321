"""The keys of a stage on AWS: the current and the previous version of a secret in Secrets Manager."""

from __future__ import annotations

from typing import Any

import botocore.exceptions as failures
import msgspec

from twbot.cli.operations.aws_errors import AwsError, AwsNotConfigured, translate_aws_errors
from twbot.lambdas.aws.client_errors import error_code
from twbot.lambdas.ports import Keys

# Secrets Manager moves these labels by itself when a version is added.
# https://docs.aws.amazon.com/secretsmanager/latest/userguide/whats-in-a-secret.html
CURRENT, PREVIOUS = "AWSCURRENT", "AWSPREVIOUS"


class SecretsManagerKeys:
    """A stage's keys, as the secret that the Lambda functions read."""

    def __init__(self, client: Any, name: str, stage: str) -> None:
        self.place = f"the secret {name}"
        self._client, self._name, self._stage = client, name, stage
        self._keys: Keys | None = None

    def keys(self) -> Keys:
        """Return the current keys, read once. Raises AwsError."""
        return self._keys or self.refresh()

    def refresh(self) -> Keys:
        """Read the current keys again. Raises AwsError where there are none."""
        self._keys = self._read(CURRENT)
        if self._keys is None:
            raise AwsNotConfigured(f"There are no keys in {self.place}.", self._set_hint())
        return self._keys

    def save(self, keys: Keys) -> None:
        """Store keys; the current ones become the previous ones. Creates the secret where there is none."""
        text = msgspec.json.encode(keys).decode()
        with translate_aws_errors(self._stage):
            try:
                self._client.put_secret_value(SecretId=self._name, SecretString=text)
            except failures.ClientError as error:
                if not _is_missing(error):
                    raise
                self._client.create_secret(Name=self._name, SecretString=text, Description="twbot: keys of X")
        self._keys = keys

    def previous(self) -> Keys | None:
        """Return the previous keys; None where there are none."""
        return self._read(PREVIOUS)

    def restore(self) -> None:
        """Make the previous keys the current ones. Raises AwsError where there are none."""
        # Moving AWSCURRENT also moves AWSPREVIOUS to the version that it leaves: no key is written anew.
        # https://docs.aws.amazon.com/secretsmanager/latest/APIReference/API_UpdateSecretVersionStage.html
        with translate_aws_errors(self._stage):
            labels_of = self._client.describe_secret(SecretId=self._name)["VersionIdsToStages"]
            labelled = {label: version for version, labels in labels_of.items() for label in labels}
            if PREVIOUS not in labelled:
                raise AwsError(f"There are no previous keys in {self.place}.")
            self._client.update_secret_version_stage(
                SecretId=self._name,
                VersionStage=CURRENT,
                MoveToVersionId=labelled[PREVIOUS],
                RemoveFromVersionId=labelled[CURRENT],
            )
        self._keys = None

    def _read(self, label: str) -> Keys | None:
        with translate_aws_errors(self._stage):
            try:
                text = self._client.get_secret_value(SecretId=self._name, VersionStage=label)["SecretString"]
            except failures.ClientError as error:
                if _is_missing(error):
                    return None
                raise
        try:
            return msgspec.json.decode(text, type=Keys)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:  # its text names a field, never a value
            raise AwsNotConfigured(f"{self.place.capitalize()} is not complete: {error}", self._set_hint()) from None

    def _set_hint(self) -> str:
        return f"Store them: twbot secrets set --stage {self._stage}"


def _is_missing(error: failures.ClientError) -> bool:
    return error_code(error) == "ResourceNotFoundException"
