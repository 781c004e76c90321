"""Writes an alert for Slack: https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks"""

from __future__ import annotations

from typing import Any

from twbot.lambdas.alerting.alert import Alert
from twbot.lambdas.alerting.truncation import truncate
from twbot.lambdas.wording import say

# Slack's limits of a block's text.
MAX_BLOCK_LENGTH, MAX_HEADER_LENGTH = 3000, 150
MAX_LINK_LENGTH = 100
# Unescaped, a stranger's text could notify people and disguise links: <!channel>, <@U123>, <https://evil.example|https://bank.example>
LINK = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", "|": "¦", "\n": " "})
ESCAPES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})


def slack_message(alert: Alert) -> dict[str, Any]:
    """Return the body of the request."""
    # The stranger's text goes into `plain_text`, in which Slack recognises no markup, link or mention.
    blocks = [{"type": "header", "text": _plain(alert.subject, MAX_HEADER_LENGTH)}]
    if text := _plain(alert.text, MAX_BLOCK_LENGTH):
        blocks.append({"type": "section", "text": text})
    context = [_plain(f"{alert.source}, {alert.time}", MAX_BLOCK_LENGTH)]
    if alert.link:
        shown = truncate(say("alert-link"), MAX_LINK_LENGTH, LINK)
        context.append({"type": "mrkdwn", "text": f"<{alert.link}|{shown}>", "verbatim": True})
    return {
        "text": truncate(f"{alert.subject}: {alert.source}: {alert.text}", MAX_BLOCK_LENGTH, ESCAPES),
        "blocks": [*blocks, {"type": "context", "elements": context}],
        # Without previews: they would fetch and show what a stranger linked.
        "unfurl_links": False,
        "unfurl_media": False,
    }


def _plain(text: str, limit: int) -> dict[str, Any]:
    # Empty for a blank text: Slack refuses a block without text.
    shown = truncate(text, limit, ESCAPES)
    return {"type": "plain_text", "text": shown, "emoji": False} if shown.strip() else {}
