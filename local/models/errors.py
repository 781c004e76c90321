"""The error of the local models. It has the service's own error name, so that Retry and Catch match as on AWS."""

from __future__ import annotations

from twbot.lambdas.errors import TwbotError


class ServiceError(TwbotError):
    """A refused request. `name`: Step Functions' error name, such as `Comprehend.TextSizeLimitExceededException`."""

    def __init__(self, name: str, message: str) -> None:
        super().__init__(message)
        self.name = name
        self.message = message

    def __str__(self) -> str:
        return f"{self.name}: {self.message}"
