"""`twbot secrets`: a stage's keys of the X app and the bot's account, and the secrets of the bot's own functions."""

from __future__ import annotations

import re
from typing import Annotated, Any

import msgspec
import typer

from twbot.cli.errors import CliError, Exit
from twbot.cli.operations.own_secrets import missing_secrets
from twbot.cli.operations.target import Bot, Target
from twbot.cli.ui.console import as_json, note, print_line, say, table
from twbot.cli.ui.options import AsJson, DryRun, Yes, targeted
from twbot.cli.ui.prompts import ask_secret, confirm, whole_file
from twbot.cli.x import accepted_keys
from twbot.cli.x.key_input import NAMES, EnteredKeys, read_keys
from twbot.lambdas.errors import TwbotError
from twbot.lambdas.text_files import decode_text


def _names(incomplete: str) -> list[str]:
    from twbot.lambdas.folder.folder import bot_folder
    from twbot.lambdas.own.calls import named_secrets

    return [name for name in named_secrets(bot_folder()) if name.startswith(incomplete)]


app = typer.Typer(help="The keys of X and the secrets of own functions: stored, never shown.", no_args_is_help=True)
Name = Annotated[str, typer.Argument(help="Its name: capitals, digits and underscores.", autocompletion=_names)]
ValueFile = Annotated[str | None, typer.Option("--from-file", help="Read it from a file; - for stdin.", metavar="FILE")]
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
    table(["key", "state"], [*rows, ("the keys before", "kept" if previous else "none")])
    note(f"In {store.place}.")


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


@app.command()
@targeted
def put(
    target: Target,
    name: Name,
    from_file: ValueFile = None,
    generate: Annotated[
        bool, typer.Option("--generate", help="Make one to sign events with (Standard Webhooks), and show it once.")
    ] = False,
    dry_run: DryRun = False,
    json: AsJson = False,
) -> None:
    """Store a secret of the bot's own functions, asked for without echo, or read from a file. It replaces a former one.

    A function reads it with bot.secret("NAME") where its rule names it: secrets = ["NAME"]. A running bot has it at the
    next call; on AWS within five minutes.

    Example: twbot secrets put CRM_TOKEN

    Example: twbot secrets put CRM_TOKEN --from-file - --stage prod < token.txt
    """
    from twbot.lambdas.folder.folder import bot_folder
    from twbot.lambdas.own.calls import named_secrets
    from twbot.lambdas.own.redaction import MIN_LENGTH

    _check_name(name)
    if generate and from_file is not None:
        raise CliError("--generate makes one, --from-file reads one.", hint="Give one of them", code=Exit.USAGE)
    bot = target.open()
    value = _new_secret() if generate else _value(name, from_file)
    store, named = bot.own_secrets(), named_secrets(bot_folder())
    if not dry_run:
        store.put(name, value)
    if name not in named:
        say(f'Nothing names it yet. Where a function needs it, in twbot.toml: secrets = ["{name}"]')
    if len(value) < MIN_LENGTH:
        say(f"It has fewer than {MIN_LENGTH} characters: where a function prints it, the log shows it.")
    shown = {"value": value} if generate else {}
    if json:
        as_json({"stored": not dry_run, "stage": bot.name, "place": store.place, "name": name, **shown})
        return
    print_line(f"{'Would store' if dry_run else 'Stored'} {name} in {store.place}.")
    if generate:
        say("Give it to whoever receives the events. It is not shown again:")
        print_line(value)


@app.command("list")
@targeted
def list_(target: Target, json: AsJson = False) -> None:
    """List the secrets of the bot's own functions: which are stored, and what reads them. Never their values.

    Example: twbot secrets list

    Example: twbot secrets list --stage prod --json
    """
    from twbot.lambdas.folder.folder import bot_folder
    from twbot.lambdas.own.calls import named_secrets

    bot = target.open()
    store, named = bot.own_secrets(), named_secrets(bot_folder())
    stored = store.names()
    found = [
        {"name": name, "stored": name in stored, "used_by": named.get(name, [])} for name in sorted({*stored, *named})
    ]
    if json:
        as_json({"stage": bot.name, "place": store.place, "secrets": found})
        return
    rows = [
        (str(each["name"]), "stored" if each["stored"] else "missing", ", ".join(named.get(str(each["name"]), [])))
        for each in found
    ]
    table(["name", "state", "read by"], rows, none="No function names a secret, and none is stored.")
    for each in missing_secrets(bot):
        say(f"Store it: {each.fix}")


@app.command()
@targeted
def remove(target: Target, name: Name, yes: Yes = False, dry_run: DryRun = False, json: AsJson = False) -> None:
    """Remove a secret of the bot's own functions for good.

    Example: twbot secrets remove CRM_TOKEN --yes
    """
    _check_name(name)
    bot = target.open()
    store = bot.own_secrets()
    if name not in store.names():
        hint = f"See which there are: twbot secrets list{bot.option}"
        raise CliError(f"There is no secret {name} in {store.place}.", hint=hint, code=Exit.NOT_FOUND)
    if not dry_run:
        confirm(f"The secret {name} of the stage {bot.name} in {store.place} will be gone.", yes=yes)
        store.remove(name)
    done = {"removed": not dry_run, "stage": bot.name, "place": store.place, "name": name}
    as_json(done) if json else print_line(f"{'Would remove' if dry_run else 'Removed'} {name} from {store.place}.")


def _check_name(name: str) -> None:
    from twbot.lambdas.folder.records import OWN_NAME

    if not re.fullmatch(OWN_NAME, name):
        raise CliError(
            f"{name!r} is no name of a secret: capitals, digits and underscores, as in CRM_TOKEN.", code=Exit.USAGE
        )


def _new_secret() -> str:
    from twbot.lambdas.own.forward import new_secret

    return new_secret()


def _value(name: str, from_file: str | None) -> str:
    if from_file is None:
        value = ask_secret(name, instead="--from-file")
    else:
        try:
            # A file ends with a line break, which is none of the secret.
            value = decode_text(whole_file(from_file)).rstrip("\r\n")
        except UnicodeDecodeError:
            raise CliError("A secret is text in UTF-8.", hint="Put bytes in base64", code=Exit.USAGE) from None
    if not value:
        raise CliError("The secret is empty; nothing was stored.", code=Exit.USAGE)
    return value


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
