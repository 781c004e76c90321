"""An alert for Slack's incoming webhooks: https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks"""

from __future__ import annotations

from typing import Any

from twbot.lambdas.alerting.alert import Alert
from twbot.lambdas.alerting.truncation import truncate

MAX_BLOCK_LENGTH, MAX_HEADER_LENGTH = 3000, 150
# Unescaped they ping and link: <!channel>, <@U123>, <https://evil.example|https://bank.example>
ESCAPES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})


def slack_message(alert: Alert) -> dict[str, Any]:
    """The stranger's words stand in `plain_text`, where no markup, link or mention is made of them."""
    blocks = [{"type": "header", "text": _plain(alert.subject, MAX_HEADER_LENGTH)}]
    if said := _plain(alert.text, MAX_BLOCK_LENGTH):
        blocks.append({"type": "section", "text": said})
    context = [_plain(f"{alert.source}, {alert.time}", MAX_BLOCK_LENGTH)]
    if alert.link:
        context.append({"type": "mrkdwn", "text": f"<{alert.link}|See it on X>", "verbatim": True})
    return {
        "text": truncate(f"{alert.subject}: {alert.source}: {alert.text}", MAX_BLOCK_LENGTH, ESCAPES),
        "blocks": [*blocks, {"type": "context", "elements": context}],
        "unfurl_links": False,
        "unfurl_media": False,
    }


def _plain(text: str, limit: int) -> dict[str, Any]:
    """Empty where nothing is left of the text: Slack refuses a block without."""
    shown = truncate(text, limit, ESCAPES)
    return {"type": "plain_text", "text": shown, "emoji": False} if shown.strip() else {}
