"""How long both platforms remember what they did, so that nothing is published, sent or notified twice."""

from __future__ import annotations

RETENTION_DAYS = 30
RETENTION_SECONDS = RETENTION_DAYS * 24 * 3600
