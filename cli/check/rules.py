"""Checks what rules, steps and answers name: each other, packages, secrets, addresses."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from twbot.cli.check.findings import Findings
from twbot.cli.check.sources import Sources
from twbot.cli.check.tables import Tables
from twbot.lambdas.errors import TwbotError
from twbot.lambdas.folder.records import Limits, OwnRule
from twbot.lambdas.nearest import did_you_mean
from twbot.lambdas.own.addresses import address_on_aws
from twbot.lambdas.own.calls import LLM
from twbot.lambdas.settings import is_safe_url
from twbot.lambdas.text_files import decode_text
from twbot.lambdas.wiring import RULES, own_rule

_REQUIREMENT = re.compile(r"^\s*(?P<name>[A-Za-z0-9][A-Za-z0-9._-]*)")


def check_rules(tables: Tables, sources: Sources, findings: Findings) -> None:
    """Check the tables of twbot.toml against each other and against the code."""
    check = _Rules(tables, sources, findings)
    check.names()
    check.targets()
    check.loops()
    check.packages()
    check.secrets()
    check.language_model()


class _Rules:
    def __init__(self, tables: Tables, sources: Sources, findings: Findings) -> None:
        self._tables, self._sources, self._findings = tables, sources, findings
        self._declared = tables.declared

    def names(self) -> None:
        """Check that each name is there once."""
        ours = {rule.name for rule in RULES}
        seen: set[str] = set()
        for number, rule in enumerate(self._declared.rules):
            if rule.name in ours:
                self._wrong(("rules", number, "name"), f"twbot has a rule {rule.name} itself.", "Name it otherwise")
            elif rule.name in seen:
                self._wrong(("rules", number, "name"), f"there are two rules {rule.name}.", "Rename one of them")
            seen.add(rule.name)
        steps: set[str] = set()
        for number, step in enumerate(self._declared.steps):
            if step.name.lower() in steps:
                says = f"there are two steps {step.name}, in any letter case."
                self._wrong(("steps", number, "name"), says, "Rename one of them")
            steps.add(step.name.lower())

    def targets(self) -> None:
        """Check that each rule has one target, and can reach it."""
        for number, rule in enumerate(self._declared.rules):
            if (rule.run is None) == (rule.to is None):
                both = "both `run` and `to`" if rule.run else "neither `run` nor `to`"
                hint = 'Keep one: run = "bot.module:function", or to = "https://…"'
                self._wrong(("rules", number), f"the rule {rule.name} has {both}.", hint)
            elif rule.to is not None:
                self._address(number, rule, rule.to)

    def _address(self, number: int, rule: OwnRule, to: str) -> None:
        try:
            address = address_on_aws(to)
            if address is not None:
                for region in self._regions():
                    address.check_region(region)
        except TwbotError as error:
            self._wrong(("rules", number, "to"), f"{rule.name}: {error}", error.hint)
            return
        if address is not None:
            return
        if not is_safe_url(to):
            hint = "Take an https:// address, or the ARN of an SQS queue, SNS topic, Lambda function or event bus"
            self._wrong(("rules", number, "to"), f"{rule.name}: {to!r} is no address to send to.", hint)
        elif not rule.secrets:
            hint = 'secrets = ["DESK_KEY"], and then: twbot secrets put DESK_KEY --generate'
            self._wrong(("rules", number, "to"), f"{rule.name} names no secret to sign what it sends with.", hint)

    def _regions(self) -> list[str]:
        """Return the regions of the stages that name theirs."""
        found = (settings.get("aws") for settings in self._declared.stages.values())
        return [str(aws["region"]) for aws in found if isinstance(aws, dict) and aws.get("region")]

    def loops(self) -> None:
        """Warn of rules that take what the module of their function publishes."""
        for number, rule in enumerate(self._declared.rules):
            if rule.run is None:
                continue
            found = own_rule(rule)
            for each in self._sources.of(rule.run, self._tables.folder).publications:
                if found.may_take(each.type):
                    where = f"{each.path.name}:{each.line}"
                    says = f"{rule.name} takes {each.type}, which the module of its function publishes ({where})."
                    hint = f"Where {rule.run} does it, mind that it ends: publish with once=…, or not for every event"
                    self._findings.warn(self._tables.path, self._line("rules", number, "when"), says, hint)

    def packages(self) -> None:
        """Check that `packages` are in requirements.txt."""
        path = self._tables.folder / "requirements.txt"
        known = _requirements(path)
        for place, limits in self._limits():
            for name in limits.packages or []:
                if _canonical(name) not in known:
                    hint = did_you_mean(_canonical(name), known) or f"Add it to {path.name}, then: twbot lock"
                    self._wrong((*place, "packages"), f"{name!r} is not in {path.name}.", hint)

    def secrets(self) -> None:
        """Warn of secrets that a function's module reads and no table with a function of it names."""
        uses = self._tables.functions()
        for use in uses:
            module = use.run.partition(":")[0]
            named = {name for each in uses if each.run.partition(":")[0] == module for name in each.limits.secrets}
            for each in self._sources.of(use.run, self._tables.folder).secrets:
                if each.name not in named:
                    says = f"{each.name} is in no `secrets` of twbot.toml: bot.secret refuses it."
                    hint = f'Where {use.run} is named: secrets = ["{each.name}"]'
                    self._findings.warn(each.path, each.line, says, hint)

    def language_model(self) -> None:
        """Check that [llm] and its function are there together."""
        llm, asked = self._declared.llm, LLM in self._declared.answers.texts
        if asked and llm is None:
            self._wrong(("answers", "texts"), f"{LLM} is asked, and there is no table [llm].", 'Add: [llm] model = "…"')
        if llm is None:
            return
        if not asked:
            hint = f'Ask it: [answers] texts = ["{LLM}"]'
            self._findings.warn(self._tables.path, self._line("llm"), "[llm] is not used.", hint)
        if llm.url is not None and not is_safe_url(llm.url):
            self._wrong(("llm", "url"), f"{llm.url!r} is no address of an API.", "It is https://, or http://127.0.0.1")
        if llm.url is None:
            says = "[llm] has no url: it is Bedrock's, on AWS only. On this machine the chatbot answers."
            self._findings.warn(self._tables.path, self._line("llm"), says)

    def _limits(self) -> Iterator[tuple[tuple[str | int, ...], Limits]]:
        yield from ((("rules", number), each) for number, each in enumerate(self._declared.rules))
        yield from ((("steps", number), each) for number, each in enumerate(self._declared.steps))
        yield ("answers",), self._declared.answers

    def _line(self, *place: str | int) -> int:
        return self._tables.line(*place)

    def _wrong(self, place: tuple[str | int, ...], says: str, hint: str | None = None) -> None:
        self._findings.wrong(self._tables.path, self._line(*place), says, hint)


def _requirements(path: Path) -> list[str]:
    try:
        lines = decode_text(path.read_bytes()).splitlines()
    except (OSError, UnicodeDecodeError):
        return []
    return [_canonical(found["name"]) for line in lines if (found := _REQUIREMENT.match(line))]


def _canonical(name: str) -> str:
    """https://packaging.python.org/en/latest/specifications/name-normalization/"""
    return re.sub(r"[-_.]+", "-", name).lower()
