"""`twbot secrets`: the keys of the X app and of the bot's account, for a stage."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
import typer

from cli.asking import confirm, unanswered
from cli.errors import CliError, Exit
from cli.options import AsJson, DryRun, Yes, placed
from cli.refusals import CONSOLE
from cli.render import as_json, print_line, say, table
from cli.stage import Place, Stage, option
from lambdas.errors import TwbotError, XRefused
from lambdas.ports import Keys

if TYPE_CHECKING:
    from lambdas.ports import Secrets

app = typer.Typer(help="The keys of X: stored, checked, rotated; never shown.", no_args_is_help=True)
NAMES = {
    "ApiKey": "API key",
    "ApiSecret": "API secret",
    "AccessToken": "access token",
    "AccessTokenSecret": "access token secret",
    "BearerToken": "bearer token (optional: Enter to leave out)",
}
MAX_FILE = 65_536
FromFile = Annotated[
    str | None,
    typer.Option("--from-file", help=f"Read them from a JSON file ({', '.join(NAMES)}); - for stdin.", metavar="FILE"),
]


class Given(msgspec.Struct, frozen=True):
    """Keys that are not stored yet, as lambdas.ports.Secrets."""

    given: Keys

    def keys(self) -> Keys:
        return self.given

    def refresh(self) -> Keys:
        return self.given


@app.command("set")
@placed
def set_(
    place: Place,
    from_file: FromFile = None,
    yes: Yes = False,
    dry_run: DryRun = False,
    json: AsJson = False,
) -> None:
    """Store the keys: asked for without echo, or from a file or stdin. Only keys that X accepts are stored.

    Example: twbot secrets set

    Example: twbot secrets set --from-file keys.json --stage prod
    """
    from cli.refusals import explained

    bot = place.open()
    keys = _read(from_file)
    with explained(bot):
        user = _accepted(bot, keys)
        store = bot.secrets()
        if not dry_run:
            if _has_keys(store):
                confirm(f"There are keys of the stage {bot.name} in {store.place}: replace them.", yes=yes)
            store.save(keys)
    _tell({"stored": not dry_run, "place": store.place, **_known(bot, user)}, json)


@app.command()
@placed
def check(
    place: Place,
    json: AsJson = False,
) -> None:
    """Ask X whether it accepts the stored keys, and whose they are.

    Example: twbot secrets check --stage prod --json
    """
    from cli.refusals import explained

    bot = place.open()
    with explained(bot):
        store = bot.secrets()
        user = _accepted(bot, store.refresh())
    _tell({"accepted": True, "place": store.place, **_known(bot, user)}, json)


@app.command()
@placed
def show(
    place: Place,
    json: AsJson = False,
) -> None:
    """Show which keys are there; never their values.

    Example: twbot secrets show
    """
    from cli.refusals import explained

    bot = place.open()
    with explained(bot):
        store = bot.secrets()
        there = {name: bool(value) for name, value in msgspec.to_builtins(store.refresh()).items()}
        previous = store.previous() is not None
    if json:
        as_json({"stage": bot.name, "place": store.place, "keys": there, "previous": previous})
        return
    rows = [(name, "there" if there.get(name) else "not there") for name in NAMES]
    table(["key", ""], [*rows, ("the keys before", "kept" if previous else "none")])
    say(f"In {store.place}.")


@app.command()
@placed
def rotate(
    place: Place,
    from_file: FromFile = None,
    yes: Yes = False,
    dry_run: DryRun = False,
    json: AsJson = False,
) -> None:
    """Replace the keys by new ones of the same account. The old are kept until the new are accepted, and after it.

    Example: twbot secrets rotate --from-file new-keys.json --yes
    """
    from cli.refusals import explained

    bot = place.open()
    with explained(bot):
        store = bot.secrets()
        old = store.refresh()
        keys = _read(from_file)
        user = _accepted(bot, keys)
        _same_account(old, keys)
        if not dry_run:
            confirm(f"The keys of the stage {bot.name} in {store.place} will be replaced.", yes=yes)
            store.save(keys)
            _answer_or_restore(bot)
    if not dry_run and old.api_secret != keys.api_secret:
        say(f"The API secret is another. Restart the bot, then: twbot webhook check{option(bot)}")
    _tell({"rotated": not dry_run, "place": store.place, **_known(bot, user)}, json)


def accept(secrets: Secrets, x_url: str) -> dict[str, Any]:
    """The account that the keys belong to. Raises CliError or XRefused unless X accepts the account's and the app's."""
    from lambdas.x_api import XApi
    from lambdas.x_management import XManagement

    with _naming("the access token with the API key and their secrets"):
        user = XApi(secrets, base_url=x_url).me()
    with _naming("the bearer token" if secrets.keys().bearer_token else "the API key and secret"):
        XManagement(secrets, base_url=x_url).webhooks()
    return user


@contextlib.contextmanager
def _naming(keys: str) -> Iterator[None]:
    """Say which of the keys X does not accept."""
    from lambdas.x_refusals import Refusal, refusal

    try:
        yield
    except XRefused as error:
        if refusal(error) is not Refusal.WRONG_KEYS:
            raise
        message = f"X does not accept {keys}: wrong, expired or revoked. {error}"
        hint = f"Copy them again from {CONSOLE}, or make new ones there"
        raise CliError(message, hint=hint, code=Exit.NOT_CONFIGURED) from None


def _accepted(bot: Stage, keys: Keys) -> dict[str, Any]:
    say(f"Asking X about the keys of the stage {bot.name} …")
    return accept(Given(keys), bot.x_url)


def _answer_or_restore(bot: Stage) -> None:
    """Read back what was stored, as the bot does; the old keys come back unless X accepts it."""
    store = bot.secrets()
    try:
        accept(Given(store.refresh()), bot.x_url)
    except BaseException:
        store.restore()
        say("The new keys failed: the old ones are back.")
        raise


def _same_account(old: Keys, new: Keys) -> None:
    if old == new:
        raise CliError("These are the keys that are stored already.", code=Exit.USAGE)
    if old.user_id != new.user_id:
        message = f"The new keys belong to the account {new.user_id}, the old ones to {old.user_id}."
        raise CliError(message, hint="For another account: twbot secrets set", code=Exit.USAGE)


def _has_keys(store: Any) -> bool:
    try:
        store.refresh()
    except TwbotError:
        return False
    return True


def _known(bot: Stage, user: dict[str, Any]) -> dict[str, Any]:
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


def _read(from_file: str | None) -> Keys:
    if from_file is None:
        return _complete(_asked())
    try:
        text = sys.stdin.buffer.read(MAX_FILE) if from_file == "-" else Path(from_file).read_bytes()[:MAX_FILE]
    except OSError as error:
        raise CliError(f"Cannot read {from_file}: {error.strerror}.", code=Exit.USAGE) from None
    try:
        return _complete(msgspec.json.decode(text, type=dict[str, str | None]))
    except (msgspec.DecodeError, msgspec.ValidationError, UnicodeDecodeError):
        where = "stdin" if from_file == "-" else from_file
        raise CliError(f"{where} is not a JSON object of texts.", hint=_form(), code=Exit.USAGE) from None


def _asked() -> dict[str, str | None]:
    if not sys.stdin.isatty():
        hint = "Hand them over: twbot secrets set --from-file - < keys.json"
        raise CliError("Nobody is there to type the keys.", hint=hint, code=Exit.USAGE)
    return {name: _prompt(label, optional=name == "BearerToken") for name, label in NAMES.items()}


def _prompt(label: str, *, optional: bool) -> str:
    default = "" if optional else None
    with unanswered():
        return str(typer.prompt(label, default=default, hide_input=True, err=True, show_default=False))


def _complete(given: dict[str, str | None]) -> Keys:
    values = {name: (value or "").strip() for name, value in given.items()}
    if missing := [name for name in NAMES if name != "BearerToken" and not values.get(name)]:
        raise CliError(f"Missing: {', '.join(missing)}.", hint=_form(), code=Exit.USAGE)
    if odd := [
        name for name, value in values.items() if name in NAMES and not (value.isascii() and value.isprintable())
    ]:
        raise CliError(f"Not a key of X: {', '.join(odd)}.", code=Exit.USAGE)
    kept = {name: value for name, value in values.items() if name in NAMES and value}
    return msgspec.convert(kept, Keys)


def _form() -> str:
    return "The form: " + "{" + ", ".join(f'"{name}": "…"' for name in NAMES) + "}; BearerToken may be left out"
