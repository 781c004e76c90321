"""Writes an alert for Discord's webhooks: https://docs.discord.com/developers/resources/webhook#execute-webhook"""

from __future__ import annotations

import string
from typing import Any

from twbot.lambdas.alerting.alert import Alert
from twbot.lambdas.alerting.truncation import truncate

# Discord's limits of an embed.
MAX_TITLE_LENGTH, MAX_DESCRIPTION_LENGTH, MAX_NAME_LENGTH = 256, 4096, 256
# Discord shows escaped punctuation as it is: a stranger's text makes no markup, mention or link.
ESCAPES = str.maketrans({each: f"\\{each}" for each in string.punctuation})
# Names have no markup to escape, but <@123> would look like a mention in a notification.
NAME = str.maketrans({"<": "‹", ">": "›"})


def discord_message(alert: Alert) -> dict[str, Any]:
    """Return the body of the request."""
    embed = {
        "title": truncate(alert.subject, MAX_TITLE_LENGTH, ESCAPES),
        "description": truncate(alert.text, MAX_DESCRIPTION_LENGTH, ESCAPES),
        "author": {"name": truncate(alert.source, MAX_NAME_LENGTH, NAME)},
        "timestamp": alert.time,
    }
    return {
        "embeds": [{**embed, "url": alert.link} if alert.link else embed],
        # Nobody is notified, whatever the text contains.
        "allowed_mentions": {"parse": []},
    }
