"""Reads keys of X from a person or a file, before they are stored."""

from __future__ import annotations

import msgspec

from twbot.cli.errors import CliError, Exit
from twbot.cli.ui.console import say
from twbot.cli.ui.prompts import ask_secret, read_file
from twbot.lambdas.ports import Keys
from twbot.lambdas.text_files import decode_text

NAMES = {
    "ApiKey": "API key",
    "ApiSecret": "API secret",
    "AccessToken": "access token",
    "AccessTokenSecret": "access token secret",
    "BearerToken": "bearer token (optional: Enter to leave out)",
}


class EnteredKeys(msgspec.Struct, frozen=True):
    """Keys that are not stored yet, for what takes a twbot.lambdas.ports.Secrets."""

    given: Keys

    def keys(self) -> Keys:
        return self.given

    def refresh(self) -> Keys:
        return self.given


def read_keys(from_file: str | None) -> Keys:
    """Read keys from a JSON file or from stdin (`-`); without either, ask for them without echo. Raises CliError."""
    if from_file is None:
        return _complete({name: _ask(name, label) for name, label in NAMES.items()})
    try:
        return _complete(msgspec.json.decode(decode_text(read_file(from_file)), type=dict[str, str | None]))
    except (msgspec.DecodeError, UnicodeDecodeError):
        where = "stdin" if from_file == "-" else from_file
        raise CliError(f"{where} is not a JSON object of texts.", hint=_form(), code=Exit.USAGE) from None


def _ask(name: str, label: str) -> str:
    return ask_secret(label, instead="--from-file", optional=name == "BearerToken")


def _complete(given: dict[str, str | None]) -> Keys:
    values = {name: (value or "").strip() for name, value in given.items()}
    if unknown := sorted(values.keys() - NAMES.keys()):
        say(f"Left out, as no key of X is called so: {', '.join(unknown)}")
    if missing := [name for name in NAMES if name != "BearerToken" and not values.get(name)]:
        raise CliError(f"Missing: {', '.join(missing)}.", hint=_form(), code=Exit.USAGE)
    if odd := [
        name for name, value in values.items() if name in NAMES and not (value.isascii() and value.isprintable())
    ]:
        raise CliError(f"Not a key of X: {', '.join(odd)}.", code=Exit.USAGE)
    known = {name: value for name, value in values.items() if name in NAMES and value}
    return msgspec.convert(known, Keys)


def _form() -> str:
    return "The form: " + "{" + ", ".join(f'"{name}": "…"' for name in NAMES) + "}; BearerToken may be left out"
