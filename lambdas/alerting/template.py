"""What an alert says. The same paths and template make EventBridge's input transformer and the local alerts."""

from __future__ import annotations

from typing import Any

from twbot.lambdas.contracts import Event

# Where each of the template's words is in a MESSAGE_ANALYSED event: the paths of an input transformer.
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
    """The alert for one event."""
    return TEMPLATE.format(**{name: _at(event, path) for name, path in PATHS.items()})


def _at(event: Event, path: str) -> Any:
    """What stands at a path; nothing where there is nothing, as EventBridge does it."""
    found: Any = {"detail": event.detail, "time": event.time}
    for step in path.removeprefix("$.").split("."):
        found = found.get(step, "") if isinstance(found, dict) else ""
    return found
