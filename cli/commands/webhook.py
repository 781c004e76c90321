"""`twbot webhook`: registers, checks and deletes the webhook to which X delivers; sends it signed samples."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import msgspec
import typer
from rich.text import Text

from twbot.cli.errors import CliError, Exit
from twbot.cli.operations.target import Bot, Target
from twbot.cli.ui.console import as_json, facts, note, out, print_line, say, table
from twbot.cli.ui.layout import Fact
from twbot.cli.ui.options import AsJson, DryRun, Yes, targeted
from twbot.cli.ui.prompts import confirm
from twbot.cli.ui.times import Utc, time_cell
from twbot.cli.x.client import Environment, Url, Version, account_api, own_webhook
from twbot.cli.x.samples import SampleOptions, make_sample, signing_secret

if TYPE_CHECKING:
    from twbot.cli.x.crc import ChallengeResult
    from twbot.lambdas.x.webhooks_and_subscriptions import AccountActivity, Webhook

app = typer.Typer(
    help="Where X delivers to: registered, challenged, tried with a sample, removed.", no_args_is_help=True
)
Id = Annotated[str, typer.Argument(help="The webhook's id: twbot webhook list.", metavar="ID")]


def _kinds(incomplete: str) -> list[tuple[str, str]]:
    from twbot.local.simulator.samples import KINDS

    return [(name, kind.about) for name, kind in KINDS.items() if name.startswith(incomplete)]


def _generations(incomplete: str) -> list[str]:
    from twbot.local.simulator.samples import GENERATIONS

    return [name for name in GENERATIONS if name.startswith(incomplete)]


Generation = Annotated[
    str,
    typer.Option(
        "--generation",
        help="xaa (X Activity), v2 or v1.1 (Account Activity).",
        autocompletion=_generations,
    ),
]


@app.command()
@targeted
def register(
    target: Target,
    url: Url = None,
    api: Version = "v2",
    environment: Environment = None,
    dry_run: DryRun = False,
    json: AsJson = False,
) -> None:
    """Register the stage's webhook with X, once it gives the right answer to a challenge from here.

    Example: twbot webhook register

    Example: twbot webhook register --url https://bot.example.com/twitter

    Example: twbot webhook register --api v1.1 --environment dev --stage prod
    """
    from twbot.cli.operations.errors import translate_errors

    bot = target.open()
    with translate_errors(bot.option):
        x = account_api(bot, api, environment)
        challenged = _check_before_registering(bot, url)
        if dry_run:
            say(f"It would be registered with X ({api}). Nothing was changed.")
            as_json({"webhook": None, "challenge": challenged}) if json else None
            return
        webhook = x.create_webhook(challenged.url)
    if json:
        as_json({"webhook": webhook, "challenge": challenged})
        return
    print_line(f"Registered {webhook.url} as the webhook {webhook.id}.")
    say(f"Next: twbot subscription add{bot.option}")


@app.command("list")
@targeted
def list_(
    target: Target,
    api: Version = "v2",
    environment: Environment = None,
    utc: Utc = False,
    json: AsJson = False,
) -> None:
    """List the webhooks that X knows of the app.

    Example: twbot webhook list --json
    """
    from twbot.cli.operations.errors import translate_errors

    bot = target.open()
    with translate_errors(bot.option):
        found = account_api(bot, api, environment).webhooks()
    if json:
        as_json(found)
        return
    rows = [(w.id, w.url, "yes" if w.valid else "NO", time_cell(w.created_at, utc=utc)) for w in found]
    table(["id", "address", "valid", "made"], rows, none="There is none.")
    if not found:
        note(f"Register it: twbot webhook register{bot.option}")


@app.command()
@targeted
def check(
    target: Target,
    webhook_id: Annotated[str | None, typer.Argument(help="The webhook's id.", metavar="[ID]")] = None,
    api: Version = "v2",
    environment: Environment = None,
    json: AsJson = False,
) -> None:
    """Challenge the webhook from here, and have X challenge it again. Ends with 5 unless both are content.

    Example: twbot webhook check --stage prod
    """
    from twbot.cli.operations.errors import translate_errors

    bot = target.open()
    with translate_errors(bot.option):
        x = account_api(bot, api, environment)
        webhook = own_webhook(bot, x, webhook_id)
        challenged = _challenge(bot, webhook.url)
        say("X challenges it …")
        valid = _is_valid_for_x(x, webhook)
    if json:
        as_json({"webhook_id": webhook.id, "url": webhook.url, "challenge": challenged, "valid_for_x": valid})
    else:
        verdict = "right answer" if valid else "wrong or no answer"
        facts([Fact("webhook", webhook.url), Fact("from here", _verdict(challenged)), Fact("from X", verdict)])
    if challenged.problem or not valid:
        what = challenged.problem or "X does not get the right answer, though we do: is it reachable from outside?"
        raise CliError(
            f"The webhook {webhook.id} does not work. {what}",
            hint=challenged.hint or _next(bot),
            code=Exit.CHECK_FAILED,
        )


@app.command()
@targeted
def delete(
    target: Target,
    webhook_id: Id,
    api: Version = "v2",
    environment: Environment = None,
    yes: Yes = False,
    dry_run: DryRun = False,
    json: AsJson = False,
) -> None:
    """Remove a webhook from X, and with it all its subscriptions: nothing is delivered any more.

    Example: twbot webhook delete 1146654567674912769 --dry-run
    """
    from twbot.cli.operations.errors import translate_errors

    bot = target.open()
    with translate_errors(bot.option):
        x = account_api(bot, api, environment)
        webhook = own_webhook(bot, x, webhook_id)
        what = f"The webhook {webhook.id} ({webhook.url}) of the stage {bot.name}, with its subscriptions, is removed."
        if not dry_run:
            confirm(what, yes=yes)
            x.delete_webhook(webhook.id)
    if json:
        as_json({"webhook_id": webhook.id, "url": webhook.url, "deleted": not dry_run})
    else:
        print_line(f"{what} Nothing was changed: a dry run." if dry_run else f"Removed the webhook {webhook.id}.")


@app.command()
@targeted
def sample(
    target: Target,
    url: Annotated[str, typer.Argument(help="The webhook's address.", metavar="URL")],
    text: Annotated[str | None, typer.Argument(help="What the post says.")] = None,
    author: Annotated[str, typer.Option("--as", help="Who posts.")] = "alice",
    image: Annotated[
        Path | None, typer.Option("--image", help="The picture of --kind image.", exists=True, dir_okay=False)
    ] = None,
    generation: Generation = "xaa",
    kind: Annotated[
        str | None,
        typer.Option("--kind", help="What the sample tells of.", show_default="mention", autocompletion=_kinds),
    ] = None,
    bot: Annotated[str, typer.Option("--bot", help="The bot's name in the sample.")] = "twbot",
    secret_from: Annotated[
        str | None,
        typer.Option("--secret-from", help="The API secret's file, env:NAME, or - for stdin; else the stage's."),
    ] = None,
    allow_http: Annotated[bool, typer.Option("--allow-http", help="Send over http:// to another machine.")] = False,
    dry_run: DryRun = False,
    json: AsJson = False,
) -> None:
    """Deliver a sample to any webhook, signed as X signs, and explain what it answers.

    Kinds: mention, image, reply, quote, repost, post, delete, like, follow, unfollow, block, unblock, mute, unmute, dm,
    typing, read, revoke.

    Example: twbot webhook sample https://bot.example.com/twitter --generation v2 --kind dm --dry-run
    """
    from twbot.cli.x.sample_delivery import check, deliver
    from twbot.local.simulator.deliveries import sign

    check(url, plain=allow_http)
    secret, bot_id = signing_secret(secret_from, target)
    made = make_sample(SampleOptions(text, author, image, generation, kind, bot), bot_id)
    signature = sign(secret, made.body)
    about = {"url": url, "generation": generation, "event": made.event, "bytes": len(made.body)}
    if dry_run:
        as_json({**about, "signature": signature, "body": msgspec.Raw(made.body)})
        return
    answer = deliver(url, made.body, signature)
    if json:
        answered = {"status": answer.status, "milliseconds": answer.milliseconds, "line": answer.line}
        as_json({**about, "signature": signature, **answered, "problem": answer.problem, "hint": answer.hint})
    else:
        status = answer.status if answer.status is not None else "no answer"
        out.print(Text(f"{made.event} → {url}: {status} in {answer.milliseconds:g} ms"))
        if answer.line:
            out.print(Text(f"  {answer.line}"))
    if answer.problem is not None:
        code = Exit.TIMED_OUT if answer.late else Exit.CHECK_FAILED
        raise CliError(answer.problem, hint=answer.hint, code=code)


def _check_before_registering(bot: Bot, url: str | None) -> ChallengeResult:
    """Challenge the webhook as X would. Raises CliError if X would refuse its address or its answer."""
    # X challenges a webhook when it is registered, and says little if that fails:
    # https://docs.x.com/x-api/webhooks/introduction
    from twbot.cli.x.crc import url_problem

    address = url or bot.webhook_url()
    if problem := url_problem(address, simulated=bot.simulated):
        hint = "Name one that X can reach: --url https://…/twitter"
        raise CliError(f"X does not take {address}: {problem}", hint=hint, code=Exit.USAGE)
    challenged = _challenge(bot, address)
    if challenged.problem:
        message = f"{address} would not pass X's challenge. {challenged.problem}"
        raise CliError(message, hint=challenged.hint or _next(bot), code=Exit.CHECK_FAILED)
    return challenged


def _challenge(bot: Bot, url: str) -> ChallengeResult:
    from twbot.cli.x.crc import challenge

    say(f"Challenging {url} …")
    challenged = challenge(url, bot.secrets().refresh().api_secret)
    say(f"  {_verdict(challenged)}")
    return challenged


def _verdict(challenged: ChallengeResult) -> str:
    if challenged.problem:
        return challenged.problem
    late = " – X wants it within 3 seconds" if challenged.slow else ""
    return f"right answer, after {challenged.milliseconds:g} ms{late}"


def _is_valid_for_x(x: AccountActivity, webhook: Webhook) -> bool:
    """Have X challenge the webhook, and return whether the answer was right."""
    # For a wrong answer v2 returns false, v1.1 an error.
    from twbot.lambdas.errors import XRefused
    from twbot.lambdas.x.refusals import Refusal, refusal

    try:
        return x.validate_webhook(webhook.id)
    except XRefused as error:
        if refusal(error) is Refusal.WRONG_CRC:
            return False
        raise


def _next(bot: Bot) -> str:
    if bot.name == "local":
        return f"Is it up? twbot up{bot.option}; are the keys right? twbot secrets check{bot.option}"
    return f"What does it log? twbot logs ingress{bot.option}; are the keys right? twbot secrets check{bot.option}"
