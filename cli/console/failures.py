"""What went wrong: dead letters by reason, with redrive and purge; and what ended without a reply."""

from __future__ import annotations

import datetime
import time
from collections import Counter
from collections.abc import Iterator
from typing import Any, Literal, NamedTuple

from starlette.datastructures import FormData, QueryParams
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from twbot.cli.console.pages import Console, Done, text_of
from twbot.cli.console.work import Works
from twbot.cli.errors import CliError, Exit
from twbot.cli.operations.dead_letters.port import DeadLetters, dead_letters_of
from twbot.cli.operations.dead_letters.records import DeadLetter, DeadLetterBatch, grouped
from twbot.cli.operations.events.filters import EventFilter
from twbot.cli.operations.events.port import live_events_of
from twbot.cli.operations.metrics.port import metrics_of
from twbot.cli.operations.metrics.records import dead_letters as metric_of
from twbot.cli.operations.metrics.records import window_between
from twbot.lambdas.contracts import Event
from twbot.lambdas.wiring import leads_to_reply, rules, services_with_dead_letters

Deed = Literal["redrive", "purge"]
DEEDS: dict[str, Deed] = {"redrive": "redrive", "purge": "purge"}
# Where each event says why there is no reply.
REASON_IN = {"TWEET_FAILED": "Reason", "TWEET_WITHHELD": "Reason", "ANALYSIS_FAILED": "Error"}
DAY = datetime.timedelta(days=1)
MAX_LETTERS, MAX_ENDINGS = 200, 5000


class Choice(NamedTuple):
    """Which dead letters are meant. What is None leaves out nothing."""

    rule: str | None = None
    reason: str | None = None
    letter: str | None = None

    def letters(self, batch: DeadLetterBatch) -> list[DeadLetter]:
        return [each for each in batch.seen if self._means(each)]

    def _means(self, letter: DeadLetter) -> bool:
        own = (letter.rule, letter.reason, letter.id)
        return all(wanted in (None, found) for wanted, found in zip(self, own, strict=True))

    @property
    def query(self) -> dict[str, str]:
        """The fields of an address that say the same."""
        return {name: value for name, value in self._asdict().items() if value is not None}

    def asking(self, deed: Deed) -> dict[str, str]:
        """The fields of the page that asks before something is done to them."""
        return {"do": deed, **self.query}

    @property
    def filters(self) -> list[str]:
        """The options of `twbot dlq` that choose the same, but for the letter."""
        rule = ["--rule", self.rule] if self.rule else []
        # It looks for a text in the error, and an error that nobody knows has none.
        reason = ["--reason", self.reason] if self.reason and self.reason != "unknown" else []
        return rule + reason

    def words(self, deed: Deed) -> list[str]:
        """The words of the command that does the same."""
        return ["dlq", deed, *([self.letter] if self.letter else self.filters or ["--all"])]


class Ending(NamedTuple):
    """Posts of the last day that got no reply for the same reason."""

    type: str
    reason: str
    posts: int
    newest: Event

    @property
    def words(self) -> str:
        """What the newest says of it."""
        detail = self.newest.detail
        return str(detail.get("Explanation") or detail.get("Cause") or "")


def routes(console: Console) -> list[Route]:
    works = Works()

    def failures(request: Request) -> Response:
        asked = console.target.is_local or "read" in request.query_params
        batch = dead_letters_of(console.target).read() if asked else None
        looks = console.target.is_local or "day" in request.query_params
        return console.page(
            request,
            "failures.html",
            title="Failures",
            batch=batch,
            groups=grouped(batch.seen) if batch else [],
            counts={} if asked else _counts(console),
            endings=_endings(console) if looks else None,
            works=works.newest(),
            choice=Choice,
        )

    def letters(request: Request) -> Response:
        choice = _choice(request.query_params)
        found = choice.letters(_read(console, choice)[1])
        return console.page(
            request, "letters.html", title="Dead letters", choice=choice, letters=found, limit=MAX_LETTERS
        )

    def letter(request: Request) -> Response:
        choice = _choice(request.query_params)._replace(letter=request.path_params["letter"])
        source, batch = _read(console, choice)
        found = next(iter(choice.letters(batch)), None)
        if found is None:
            hint = f"See which there are: {console.command('dlq', 'list', '--each')}"
            raise CliError("There is no such dead letter any more.", hint=hint, code=Exit.NOT_FOUND)
        return console.page(
            request,
            "letter.html",
            title=f"Dead letter {found.id}",
            letter=found,
            event=source.event(found),
            choice=Choice(found.rule, letter=found.id),
        )

    def confirm(request: Request) -> Response:
        choice, deed = _choice(request.query_params), _deed(request.query_params.get("do", ""))
        batch = _read(console, choice)[1]
        found = choice.letters(batch)
        able = [each for each in found if deed == "purge" or each.obstacle is None]
        by_rule = Counter(each.rule for each in able)
        return console.page(
            request,
            "failures_confirm.html",
            title="Deliver dead letters again" if deed == "redrive" else "Forget dead letters",
            deed=deed,
            choice=choice,
            able=able,
            hidden=batch.hidden if choice == Choice() else 0,
            stuck=[each for each in found if deed == "redrive" and each.obstacle is not None],
            by_rule=by_rule,
            replies=any(rule.name in by_rule and leads_to_reply(rule) for rule in rules()),
        )

    def work(_: Request, form: FormData) -> Done:
        deed, ids = _deed(text_of(form, "do")), [each for each in text_of(form, "ids").split(",") if each]
        rule, everything = text_of(form, "rule") or None, bool(text_of(form, "everything"))
        title = "delivered again" if deed == "redrive" else "forgotten"
        total = None if everything else len(ids)
        works.start(title, total, _steps(dead_letters_of(console.target), deed, ids, rule, everything))
        return Done("/failures")

    return [
        Route("/failures", failures),
        Route("/failures/letters", letters),
        Route("/failures/letter/{letter}", letter),
        Route("/failures/confirm", confirm),
        Route("/failures/work", console.action(work), methods=["POST"]),
    ]


def _choice(query: QueryParams) -> Choice:
    return Choice(*(query.get(name) or None for name in Choice._fields))


def _deed(given: str) -> Deed:
    if given not in DEEDS:
        raise CliError("A dead letter can be delivered again or forgotten.", code=Exit.USAGE)
    return DEEDS[given]


def _read(console: Console, choice: Choice) -> tuple[DeadLetters, DeadLetterBatch]:
    source = dead_letters_of(console.target)
    return source, source.read(rule=choice.rule)


def _steps(source: DeadLetters, deed: Deed, ids: list[str], rule: str | None, everything: bool) -> Iterator[int]:
    """Yield how many are done. What is gone meanwhile, or can't be delivered again, stays as it is."""
    if deed == "purge" and everything:
        yield source.purge_all()
        return
    found = {each.id: each for each in source.read(rule=rule).seen}
    still = [each for each in ids if each in found and (deed == "purge" or found[each].obstacle is None)]
    if still:
        yield from source.redrive(still) if deed == "redrive" else source.purge(still)


def _counts(console: Console) -> dict[str, int]:
    """Return about how many dead letters each microservice has: what a stage's metrics say, which hides no message."""
    names = {metric_of(each): each for each in services_with_dead_letters()}
    found = metrics_of(console.target).series_of(window_between(time.time() - 900, time.time(), 60), names)
    newest = {each.metric.name: next((value for value in reversed(each.values) if value), 0) for each in found}
    return {names[name]: int(count) for name, count in newest.items() if count}


def _endings(console: Console) -> list[Ending]:
    """Return what became of the posts of the last day that got no reply, the most frequent first."""
    since = datetime.datetime.now(datetime.UTC) - DAY
    chosen = EventFilter(types=frozenset(REASON_IN))
    found: dict[tuple[str, str], list[Event]] = {}
    for each in live_events_of(console.target).recent(MAX_ENDINGS, chosen, since=since):
        if each.replay_name is None:
            found.setdefault((each.detail_type, _reason(each.detail, each.detail_type)), []).append(each)
    endings = [Ending(kind, reason, len(events), events[0]) for (kind, reason), events in found.items()]
    return sorted(endings, key=lambda ending: -ending.posts)


def _reason(detail: dict[str, Any], kind: str) -> str:
    return str(detail.get(REASON_IN[kind]) or "unknown")
