"""How the local models refuse, by the names that the services' SDKs use, so that Retry and Catch match as on AWS."""

from __future__ import annotations

from twbot.lambdas.errors import TwbotError


class ServiceError(TwbotError):
    """`name` is Step Functions' error name, such as `Comprehend.TextSizeLimitExceededException`."""

    def __init__(self, name: str, message: str) -> None:
        super().__init__(message)
        self.name = name
        self.message = message

    def __str__(self) -> str:
        return f"{self.name}: {self.message}"
