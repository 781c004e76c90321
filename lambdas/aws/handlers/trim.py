"""The Lambda function behind the workflow's TrimText and TrimImage (lambdas/analysis/trim.py)."""

from __future__ import annotations

from typing import Any

from twbot.lambdas.analysis.trim import trim
from twbot.lambdas.aws.invocation import Json, entry_point
from twbot.lambdas.aws.settings import settings


@entry_point(lambda _: None)
def handler(event: Json, _: Any) -> Json:
    """Trim a text, or what was found in a picture."""
    return trim(event, highlight=settings().highlight_labels)
