"""`twbot alerts`: the subscribers of alerts, tests of their delivery, and the raised alerts."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.text import Text

from twbot.cli.errors import CliError, Exit
from twbot.cli.operations.alerts.port import Alerts, alerts_of
from twbot.cli.operations.alerts.records import Subscriber
from twbot.cli.operations.target import Target
from twbot.cli.ui.completion import complete_subscribers
from twbot.cli.ui.console import as_json, note, out, print_line, say, table
from twbot.cli.ui.figures import Cell, percent_cell
from twbot.cli.ui.layout import Column
from twbot.cli.ui.options import AsJson, DryRun, Limit, Yes, targeted
from twbot.cli.ui.pager import paged
from twbot.cli.ui.prompts import ask_secret, confirm, read_file
from twbot.cli.ui.times import Since, Utc, parse_window, time_cell
from twbot.lambdas.alerting.subscription import KINDS, WEBHOOKS, Kind, Smtp, Subscription, smtp_server, subscription
from twbot.lambdas.errors import TwbotError
from twbot.lambdas.text_files import decode_text

app = typer.Typer(
    help="Alerts about negative messages, or those that you chose: who hears of them, and which were raised.",
    no_args_is_help=True,
)


def _kinds(incomplete: str) -> list[str]:
    return [kind for kind in KINDS if kind.startswith(incomplete)]


KindName = Annotated[str, typer.Argument(help=f"How: {', '.join(KINDS)}.", metavar="KIND", autocompletion=_kinds)]
Address = Annotated[
    str | None, typer.Argument(help="The email address or phone number. Others are asked for.", metavar="[ADDRESS]")
]
FromFile = Annotated[
    str | None,
    typer.Option("--from", help="Read the webhook's address (email: the password) from a file; - for stdin."),
]
SmtpUrl = Annotated[
    str | None, typer.Option("--smtp", help="The server that takes this machine's mail: smtps://user@host:465.")
]
Id = Annotated[
    str, typer.Argument(help="Whom: the id of `twbot alerts list`.", metavar="ID", autocompletion=complete_subscribers)
]
OneId = Annotated[
    str | None, typer.Argument(help="Only the one with this id.", metavar="[ID]", autocompletion=complete_subscribers)
]


@app.command("subscribe")
@targeted
def subscribe(
    target: Target,
    kind: KindName,
    address: Address = None,
    from_file: FromFile = None,
    smtp: SmtpUrl = None,
    json: AsJson = False,
) -> None:
    """Have somebody hear of alerts. The address of a webhook (https, Slack, Discord) is a secret: it is asked for.

    Example: twbot alerts subscribe slack --from slack-address.txt

    Example: twbot alerts subscribe email me@example.org --stage prod

    Example: twbot alerts subscribe email me@example.org --smtp smtps://me%40example.org@smtp.example.org
    """
    alerts = alerts_of(target)
    subscriber = alerts.subscribe(_subscription(kind, address, from_file, smtp))
    if json:
        as_json(subscriber)
        return
    hears = "hears" if subscriber.state == "active" else "will hear"
    print_line(f"{subscriber.kind} {subscriber.address} {hears} of alerts of the stage {target.stage}: {subscriber.id}")
    say(_next(subscriber, target))


@app.command("list")
@targeted
def list_subscribers(target: Target, utc: Utc = False, json: AsJson = False) -> None:
    """Who hears of alerts, and how the last one went. Addresses are never shown whole.

    Example: twbot alerts list --stage prod
    """
    found = alerts_of(target).subscribers()
    if json:
        as_json(found)
        return
    rows = [
        (each.id, each.kind, each.address, _state(each), time_cell(each.last, utc=utc), _how(each)) for each in found
    ]
    columns = ["id", "kind", "address", "state", "last alert", Column("how it went", gives_way=True)]
    table(columns, rows, none="Nobody hears of alerts.")
    if not found:
        note(f"Subscribe somebody: twbot alerts subscribe slack{target.option}")


@app.command("remove")
@targeted
def remove(target: Target, subscriber: Id, dry_run: DryRun = False, yes: Yes = False, json: AsJson = False) -> None:
    """Have somebody hear of alerts no more.

    Example: twbot alerts remove 1a2b3c4d --yes
    """
    alerts = alerts_of(target)
    found = _named(alerts, subscriber, target)
    if not dry_run:
        confirm(f"{found.kind} {found.address} will not hear of alerts of the stage {target.stage} any more.", yes=yes)
        alerts.remove(found)
    if json:
        as_json({"removed": not dry_run, "subscriber": found})
    else:
        deed = "would not hear" if dry_run else "does not hear"
        print_line(f"{found.kind} {found.address} {deed} of alerts of the stage {target.stage} any more.")


@app.command("test")
@targeted
def send_test(target: Target, subscriber: OneId = None, json: AsJson = False) -> None:
    """Send a test alert to everybody who subscribed, or to one of them. Exit code 5 where one does not get through.

    Example: twbot alerts test

    Example: twbot alerts test 1a2b3c4d
    """
    alerts = alerts_of(target)
    if subscriber is not None:
        _named(alerts, subscriber, target)
    tested = alerts.test(subscriber)
    if not tested:
        hint = f"Subscribe somebody: twbot alerts subscribe slack{target.option}"
        raise CliError("Nobody hears of alerts.", hint=hint, code=Exit.NOT_CONFIGURED)
    if json:
        as_json(tested)
    else:
        rows = [(each.id, each.kind, each.address, _outcome(each.problem)) for each in tested]
        table(["id", "kind", "address", "test"], rows)
        for each in tested if out.is_screen else ():
            if each.problem:
                out.print(Text(f"{each.id}: {each.problem}", "red"))
    if any(each.problem for each in tested):
        raise typer.Exit(Exit.CHECK_FAILED)


@app.command("raised")
@targeted
def raised(target: Target, since: Since = None, limit: Limit = None, utc: Utc = False, json: AsJson = False) -> None:
    """The alerts that were raised, the newest first; on AWS those of the last week, unless --since says otherwise.

    Example: twbot alerts raised --since yesterday --limit 5
    """
    found = alerts_of(target).raised(limit or 20, parse_window(since, None)[0])
    if json:
        as_json(found)
        return
    rows = [
        (
            time_cell(a.time, utc=utc),
            a.shown_author,
            a.text,
            percent_cell(a.negative),
            "yes" if a.posted else "",
            a.tweet_id,
        )
        for a in found
    ]
    columns = [
        "time",
        "author",
        Column("text", gives_way=True),
        Column("negative", spare=True),
        Column("told", spare=True),
        "post",
    ]
    with paged():
        table(columns, rows, none="No alerts.")


def _subscription(kind: str, address: str | None, from_file: str | None, smtp: str | None) -> Subscription:
    """Build the subscription from the command line; ask for what is secret. Raises CliError."""
    if kind not in KINDS:
        raise CliError(f"{kind!r} is no way to tell somebody.", hint=f"One of: {', '.join(KINDS)}", code=Exit.USAGE)
    known: Kind = kind
    if smtp is not None and known != "email":
        raise CliError("--smtp is for email.", code=Exit.USAGE)
    if known in WEBHOOKS:
        # Whoever has the address can post there, and command lines are visible in the list of processes and the
        # shell's history: docs/decisions/0006-who-hears-of-alerts-is-no-setting.md
        if address is not None:
            hint = f"Leave it out, it is asked for: twbot alerts subscribe {known}; or: --from FILE"
            raise CliError("A webhook's address on the command line is seen by others.", hint=hint, code=Exit.USAGE)
        address = _secret(f"The webhook's address ({known})", from_file)
    if address is None:
        raise CliError(f"Whose {'phone' if known == 'sms' else 'email'}?", hint=_example(known), code=Exit.USAGE)
    try:
        return subscription(known, address, _smtp(smtp, from_file))
    except TwbotError as error:
        raise CliError(str(error), hint=_example(known), code=Exit.USAGE) from None


def _smtp(url: str | None, from_file: str | None) -> Smtp | None:
    if url is None:
        return None
    if smtp_server(url).user is None:
        return smtp_server(url)
    return smtp_server(url, _secret("The mail server's password", from_file))


def _secret(what: str, from_file: str | None) -> str:
    """Return a secret from a file or stdin, or ask for it without echo. Raises CliError."""
    if from_file is None:
        return ask_secret(what, instead="--from")
    try:
        return decode_text(read_file(from_file)).strip()
    except UnicodeDecodeError:
        raise CliError(f"{from_file} is not text.", code=Exit.USAGE) from None


def _example(kind: str) -> str:
    example = {"email": " me@example.org", "sms": " +441234567890"}.get(kind, "")
    return f"Type: twbot alerts subscribe {kind}{example}"


def _named(alerts: Alerts, subscriber: str, target: Target) -> Subscriber:
    found = next((each for each in alerts.subscribers() if each.id == subscriber), None)
    if found is None:
        hint = f"See: twbot alerts list{target.option}"
        raise CliError(f"No subscriber has the id {subscriber!r}.", hint=hint, code=Exit.NOT_FOUND)
    return found


def _next(subscriber: Subscriber, target: Target) -> str:
    if subscriber.state == "pending":
        link = "the link in the mail" if subscriber.kind == "email" else "the SubscribeURL that SNS posted to it"
        return f"It has to be confirmed within two days: {link}."
    if subscriber.kind == "sms":
        # https://docs.aws.amazon.com/sns/latest/dg/sns-sms-sandbox.html
        return "In SNS's SMS sandbox an account reaches verified numbers only: aws sns get-sms-sandbox-account-status"
    one = "" if not target.is_local and subscriber.kind not in ("slack", "discord") else f" {subscriber.id}"
    return f"Try it: twbot alerts test{one}{target.option}"


def _state(subscriber: Subscriber) -> str:
    return f"{subscriber.state}, in twbot.toml" if subscriber.declared else subscriber.state


def _outcome(problem: str | None) -> Cell:
    return Cell(problem or "sent", "failed" if problem else "sent")


def _how(subscriber: Subscriber) -> str:
    """Return how the last alert went; nothing where there was none."""
    return "" if subscriber.last is None else subscriber.problem or "arrived"
