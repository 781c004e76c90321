"""`twbot secrets`: stores, checks and rotates a stage's keys of the X app and the bot's account."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
import typer

from twbot.cli.operations.target import Bot, Target
from twbot.cli.ui.console import as_json, print_line, say, table
from twbot.cli.ui.options import AsJson, DryRun, Yes, targeted
from twbot.cli.ui.prompts import confirm
from twbot.cli.x import accepted_keys
from twbot.cli.x.key_input import NAMES, EnteredKeys, read_keys
from twbot.lambdas.errors import TwbotError

app = typer.Typer(help="The keys of X: stored, checked, rotated; never shown.", no_args_is_help=True)
FromFile = Annotated[
    str | None,
    typer.Option("--from-file", help=f"Read them from a JSON file ({', '.join(NAMES)}); - for stdin.", metavar="FILE"),
]


@app.command("set")
@targeted
def set_(
    target: Target,
    from_file: FromFile = None,
    yes: Yes = False,
    dry_run: DryRun = False,
    json: AsJson = False,
) -> None:
    """Store the keys: asked for without echo, or from a file or stdin. Only keys that X accepts are stored.

    Example: twbot secrets set

    Example: twbot secrets set --from-file keys.json --stage prod
    """
    from twbot.cli.operations.errors import translate_errors

    bot = target.open()
    keys = read_keys(from_file)
    with translate_errors(bot.option):
        user = accepted_keys.check_accepted(bot, keys)
        store = bot.secrets()
        if not dry_run:
            if _has_keys(store):
                confirm(f"There are keys of the stage {bot.name} in {store.place}: replace them.", yes=yes)
            store.save(keys)
    _tell({"stored": not dry_run, "place": store.place, **_known(bot, user)}, json)


@app.command()
@targeted
def check(
    target: Target,
    json: AsJson = False,
) -> None:
    """Ask X whether it accepts the stored keys, and whose they are.

    Example: twbot secrets check --stage prod --json
    """
    from twbot.cli.operations.errors import translate_errors

    bot = target.open()
    with translate_errors(bot.option):
        store = bot.secrets()
        user = accepted_keys.check_accepted(bot, store.refresh())
    _tell({"accepted": True, "place": store.place, **_known(bot, user)}, json)


@app.command()
@targeted
def show(
    target: Target,
    json: AsJson = False,
) -> None:
    """Show which keys are there; never their values.

    Example: twbot secrets show
    """
    from twbot.cli.operations.errors import translate_errors

    bot = target.open()
    with translate_errors(bot.option):
        store = bot.secrets()
        present = {name: bool(value) for name, value in msgspec.to_builtins(store.refresh()).items()}
        previous = store.previous() is not None
    if json:
        as_json({"stage": bot.name, "place": store.place, "keys": present, "previous": previous})
        return
    rows = [(name, "there" if present.get(name) else "not there") for name in NAMES]
    table(["key", ""], [*rows, ("the keys before", "kept" if previous else "none")])
    say(f"In {store.place}.")


@app.command()
@targeted
def rotate(
    target: Target,
    from_file: FromFile = None,
    yes: Yes = False,
    dry_run: DryRun = False,
    json: AsJson = False,
) -> None:
    """Replace the keys by new ones of the same account. The old are kept until the new are accepted, and after it.

    Example: twbot secrets rotate --from-file new-keys.json --yes
    """
    from twbot.cli.operations.errors import translate_errors

    bot = target.open()
    with translate_errors(bot.option):
        store = bot.secrets()
        old = store.refresh()
        keys = read_keys(from_file)
        user = accepted_keys.check_accepted(bot, keys)
        accepted_keys.check_same_account(old, keys, bot.option)
        if not dry_run:
            confirm(f"The keys of the stage {bot.name} in {store.place} will be replaced.", yes=yes)
            store.save(keys)
            _accepted_or_restore(bot)
    if not dry_run and old.api_secret != keys.api_secret:
        say(f"The API secret is another. Restart the bot, then: twbot webhook check{bot.option}")
    _tell({"rotated": not dry_run, "place": store.place, **_known(bot, user)}, json)


def _accepted_or_restore(bot: Bot) -> None:
    """Ask X whether it accepts the stored keys; if not, restore the old ones and raise the error."""
    # Read back as the bot reads them: this checks the store, too, and not only what was typed.
    store = bot.secrets()
    try:
        accepted_keys.accepted_user(EnteredKeys(store.refresh()), bot.x_url)
    except BaseException:  # Ctrl-C, too: keys that nobody has checked do not stay
        store.restore()
        say("The new keys failed: the old ones are back.")
        raise


def _has_keys(store: Any) -> bool:
    try:
        store.refresh()
    except TwbotError:
        return False
    return True


def _known(bot: Bot, user: dict[str, Any]) -> dict[str, Any]:
    if bot.account_id and bot.account_id != user["id"]:
        say(f"Warning: twitter_account_id of the stage {bot.name} is {bot.account_id}, the keys' is {user['id']}.")
    return {"stage": bot.name, "user_id": user["id"], "username": user.get("username"), "simulated": bot.simulated}


def _tell(done: dict[str, Any], json: bool) -> None:
    if json:
        as_json(done)
        return
    stored = done.get("stored", done.get("rotated"))
    deed = "X accepts the keys" if stored is None else "Stored the keys" if stored else "X accepts the keys; not stored"
    print_line(f"{deed} of @{done['username']} (account {done['user_id']}), in {done['place']}.")
