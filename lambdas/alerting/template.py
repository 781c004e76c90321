"""The text of an alert. EventBridge's input transformer and the local alerts use the same paths and template.

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-transform-target-input.html
"""

from __future__ import annotations

from typing import Any

from twbot.lambdas.contracts import Event

# The input transformer's paths: where a MESSAGE_ANALYSED event has each variable of the template.
PATHS = {
    "author": "$.detail.Author",
    "text": "$.detail.Text",
    "negative": "$.detail.Analysis.SentimentScore.Negative",
    "tweet_id": "$.detail.Twitter.TweetId",
    "time": "$.time",
}
SUBJECT = "Negative message on X"
TEMPLATE = """\
Negative message from @{author} (how sure: {negative}) at {time}:

{text}

https://x.com/i/status/{tweet_id}"""


def body(event: Event) -> str:
    """Return the text of the alert about one event."""
    return TEMPLATE.format(**{name: _at(event, path) for name, path in PATHS.items()})


def _at(event: Event, path: str) -> Any:
    """Return the value at a path, "" where there is none, as EventBridge does."""
    found: Any = {"detail": event.detail, "time": event.time}
    for step in path.removeprefix("$.").split("."):
        found = found.get(step, "") if isinstance(found, dict) else ""
    return found
