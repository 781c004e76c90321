"""Checks a bot's folder: all that can be known without running the bot."""

from __future__ import annotations

from pathlib import Path

from twbot.cli.check.chatbots import check_chatbots
from twbot.cli.check.data import (
    check_conversations,
    check_lock,
    check_modes,
    check_people,
    check_queries,
    check_secrets,
    check_stages,
)
from twbot.cli.check.findings import Finding, Findings
from twbot.cli.check.functions import check_functions
from twbot.cli.check.patterns import check_patterns
from twbot.cli.check.rules import check_rules
from twbot.cli.check.sources import check_publications, read_sources
from twbot.cli.check.tables import Tables, check_as_it_runs


def check(folder: Path) -> list[Finding]:
    """Return what is wrong with the folder, or may be, by file and line."""
    findings = Findings(folder)
    tables = Tables(folder, findings)
    sources = read_sources(folder)
    events = tables.events.value if tables.events else None
    published = [*(events or {}), *(each.type for each in sources.publications)]
    check_stages(tables, findings)
    check_rules(tables, sources, findings)
    check_patterns(tables, published, findings)
    check_chatbots(tables, findings)
    check_publications(sources, tables, findings)
    check_functions(tables.functions(), folder, findings)
    check_queries(folder, findings)
    check_people(folder, findings)
    check_conversations(tables, findings)
    check_lock(tables, findings)
    check_secrets(tables, findings)
    check_modes(folder, findings)
    check_as_it_runs(tables, findings)
    return findings.all()
