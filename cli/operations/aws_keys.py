"""The keys of a stage on AWS: the secret's current version, and the one before it."""

from __future__ import annotations

from typing import Any

import botocore.exceptions as failures
import msgspec

from twbot.cli.operations.aws_errors import AwsError, AwsNotConfigured, translate_aws_errors
from twbot.lambdas.ports import Keys

CURRENT, PREVIOUS = "AWSCURRENT", "AWSPREVIOUS"


class SecretsManagerKeys:
    """Secrets Manager keeps the version before by itself."""

    def __init__(self, client: Any, name: str, stage: str) -> None:
        self.place = f"the secret {name}"
        self._client, self._name, self._stage = client, name, stage
        self._keys: Keys | None = None

    def keys(self) -> Keys:
        """Raises AwsProblem."""
        return self._keys or self.refresh()

    def refresh(self) -> Keys:
        self._keys = self._read(CURRENT)
        if self._keys is None:
            raise AwsNotConfigured(f"There are no keys in {self.place}.", self._set())
        return self._keys

    def save(self, keys: Keys) -> None:
        """What is there becomes the previous keys. Makes the secret where there is none."""
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
        return self._read(PREVIOUS)

    def restore(self) -> None:
        """Back to the previous keys: only labels move."""
        with translate_aws_errors(self._stage):
            stages = self._client.describe_secret(SecretId=self._name)["VersionIdsToStages"]
            labelled = {label: version for version, labels in stages.items() for label in labels}
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
        except (msgspec.DecodeError, msgspec.ValidationError) as error:  # names a field, never a value
            raise AwsNotConfigured(f"{self.place.capitalize()} is not complete: {error}", self._set()) from None

    def _set(self) -> str:
        return f"Store them: twbot secrets set --stage {self._stage}"


def _is_missing(error: failures.ClientError) -> bool:
    return error.response["Error"]["Code"] == "ResourceNotFoundException"
