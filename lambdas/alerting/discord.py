"""An alert for Discord's webhooks: https://docs.discord.com/developers/resources/webhook#execute-webhook"""

from __future__ import annotations

import string
from typing import Any

from twbot.lambdas.alerting.alert import Alert
from twbot.lambdas.alerting.truncation import truncate

MAX_TITLE_LENGTH, MAX_DESCRIPTION_LENGTH, MAX_NAME_LENGTH = 256, 4096, 256
# A backslash takes its meaning from any punctuation: no markup, no mention, no link.
ESCAPES = str.maketrans({each: f"\\{each}" for each in string.punctuation})
# Names are shown as they are, but for those that look like mentions in a notification.
NAME = str.maketrans({"<": "‹", ">": "›"})


def discord_message(alert: Alert) -> dict[str, Any]:
    """`allowed_mentions`: whatever the text holds, nobody is pinged."""
    embed = {
        "title": truncate(alert.subject, MAX_TITLE_LENGTH, ESCAPES),
        "description": truncate(alert.text, MAX_DESCRIPTION_LENGTH, ESCAPES),
        "author": {"name": truncate(alert.source, MAX_NAME_LENGTH, NAME)},
        "timestamp": alert.time,
    }
    return {
        "embeds": [{**embed, "url": alert.link} if alert.link else embed],
        "allowed_mentions": {"parse": []},
    }
