"""An alert for Discord's webhooks: https://docs.discord.com/developers/resources/webhook#execute-webhook"""

from __future__ import annotations

import string
from typing import Any

from twbot.lambdas.alerting.alert import Alert
from twbot.lambdas.alerting.truncation import clipped

LONGEST_TITLE, LONGEST_DESCRIPTION, LONGEST_NAME = 256, 4096, 256
# A backslash takes its meaning from any punctuation: no markup, no mention, no link.
ESCAPES = str.maketrans({each: f"\\{each}" for each in string.punctuation})
# Names are shown as they are, but for those that look like mentions in a notification.
NAME = str.maketrans({"<": "‹", ">": "›"})


def discord_message(alert: Alert) -> dict[str, Any]:
    """`allowed_mentions`: whatever the text holds, nobody is pinged."""
    embed = {
        "title": clipped(alert.subject, LONGEST_TITLE, ESCAPES),
        "description": clipped(alert.text, LONGEST_DESCRIPTION, ESCAPES),
        "author": {"name": clipped(alert.source, LONGEST_NAME, NAME)},
        "timestamp": alert.time,
    }
    return {
        "embeds": [{**embed, "url": alert.link} if alert.link else embed],
        "allowed_mentions": {"parse": []},
    }
