"""How long both platforms remember what they did, so that nothing is published, sent or notified twice."""

from __future__ import annotations

DAY = 24 * 3600
RETENTION_DAYS = 30
RETENTION_SECONDS = RETENTION_DAYS * DAY
# What keeps people from a second reply or alert. X's signature of a webhook has no time: whoever captured one can
# deliver it again when all else is forgotten. Only ids are kept.
# https://docs.x.com/x-api/webhooks/introduction
ANSWERED_DAYS = 5 * 365
ANSWERED_SECONDS = ANSWERED_DAYS * DAY
