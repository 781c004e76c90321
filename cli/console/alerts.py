"""Alerts: those that were raised, who hears of them, and a form for one more subscriber."""

from __future__ import annotations

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from twbot.cli.console.pages import Console, Done, text_of
from twbot.cli.errors import CliError, Exit
from twbot.cli.operations.alerts.port import Alerts, alerts_of
from twbot.cli.operations.alerts.records import Subscriber, Tested
from twbot.lambdas.alerting.subscription import KINDS, WEBHOOKS, Kind, Smtp, Subscription, smtp_server, subscription
from twbot.lambdas.errors import TwbotError

SHOWN = 100
DEEDS = ("test", "remove")


def routes(console: Console) -> list[Route]:
    def alerts(request: Request) -> Response:
        source = alerts_of(console.target)
        looks = console.target.is_local or "raised" in request.query_params
        return console.page(
            request,
            "alerts.html",
            title="Alerts",
            raised=source.raised(SHOWN) if looks else None,
            limit=SHOWN,
            subscribers=source.subscribers(),
            webhooks=WEBHOOKS,
            sms=not console.target.is_local,
        )

    def confirm(request: Request) -> Response:
        deed, only = request.query_params.get("do", ""), request.query_params.get("id")
        subscribers = alerts_of(console.target).subscribers()
        return console.page(
            request,
            "alerts_confirm.html",
            title="Send a test alert" if _deed(deed) == "test" else "Remove a subscriber",
            deed=deed,
            only=only,
            chosen=[_named(subscribers, only, console)] if only or deed == "remove" else subscribers,
        )

    def work(_: Request, form: FormData) -> Done:
        deed, only, source = _deed(text_of(form, "do")), text_of(form, "id") or None, alerts_of(console.target)
        if deed == "test":
            return Done("/alerts", _outcome(source.test(_known(source, only, console))))
        gone = _named(source.subscribers(), only, console)
        source.remove(gone)
        return Done("/alerts", f"{gone.kind} {gone.address} hears of alerts no more.")

    def subscribe(_: Request, form: FormData) -> Done:
        added = alerts_of(console.target).subscribe(_subscription(form))
        hears = "hears" if added.state == "active" else "has to confirm it, and then hears"
        return Done("/alerts", f"{added.kind} {added.address} {hears} of alerts.")

    return [
        Route("/alerts", alerts),
        Route("/alerts/confirm", confirm),
        Route("/alerts/work", console.action(work), methods=["POST"]),
        Route("/alerts/subscribe", console.action(subscribe), methods=["POST"]),
    ]


def _deed(given: str) -> str:
    if given not in DEEDS:
        raise CliError("A subscriber can be tested or removed.", code=Exit.USAGE)
    return given


def _known(source: Alerts, only: str | None, console: Console) -> str | None:
    return None if only is None else _named(source.subscribers(), only, console).id


def _named(subscribers: list[Subscriber], wanted: str | None, console: Console) -> Subscriber:
    found = next((each for each in subscribers if each.id == wanted), None)
    if found is None:
        hint = f"See who hears of alerts: {console.command('alerts', 'list')}"
        raise CliError("There is no such subscriber.", hint=hint, code=Exit.NOT_FOUND)
    return found


def _outcome(tested: list[Tested]) -> str:
    if not tested:
        return "Nobody hears of alerts yet."
    failed = [f"{each.kind} {each.address}: {each.problem}" for each in tested if each.problem]
    return "; ".join([f"Sent to {len(tested) - len(failed)} of {len(tested)}", *failed])


def _subscription(form: FormData) -> Subscription:
    """Return the subscription of a form. Raises CliError, which never has the address."""
    try:
        return subscription(_kind(text_of(form, "kind")), text_of(form, "address"), _smtp(form))
    except CliError:
        raise
    except TwbotError as error:
        raise CliError(str(error), hint="Go back, and write it otherwise", code=Exit.USAGE) from None


def _kind(given: str) -> Kind:
    found = next((each for each in KINDS if each == given), None)
    if found is None:
        raise CliError(f"One can hear of alerts by {', '.join(KINDS)}.", code=Exit.USAGE)
    return found


def _smtp(form: FormData) -> Smtp | None:
    url, password = text_of(form, "smtp").strip(), text_of(form, "password")
    return smtp_server(url, password or None) if url else None
