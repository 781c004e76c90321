"""The check of the connections that this machine's web server refused or closed."""

from __future__ import annotations

import datetime
from collections import Counter
from pathlib import Path

from twbot.cli.ui.check import Check

LAST_BYTES = 1_000_000
# What the server did because there were too many; the other reasons are single clients' faults.
CROWDED = ("closed-for-another", "too-many-connections")


def check_connections(log: Path, option: str, *, now: datetime.datetime | None = None) -> Check:
    """Count what the log says was refused in the last hour."""
    from twbot.local.server.log_files import newest_lines

    since = (now or datetime.datetime.now(datetime.UTC)) - datetime.timedelta(hours=1)
    counts: Counter[str] = Counter()
    for line in newest_lines(log, LAST_BYTES, b'"refused"'):
        reasons = line.get("refused")
        if isinstance(reasons, dict) and datetime.datetime.fromisoformat(line["timestamp"]) >= since:
            counts.update(reasons)
    if not counts:
        return Check("connections", "ok", "none was refused in the last hour")
    says = ", ".join(f"{count:,} {reason}" for reason, count in counts.most_common())
    crowded = any(counts[reason] for reason in CROWDED)
    fix = f"See when: twbot logs --level warning{option}; a proxy in front can limit who connects" if crowded else None
    return Check("connections", "warning" if crowded else "ok", f"refused in the last hour: {says}", fix)
