"""Checks what lies in the folder beside tables and code: queries, photos of people, conversations, modes."""

from __future__ import annotations

import os
import stat
import tempfile
from pathlib import Path

from twbot.cli.check.findings import Findings
from twbot.cli.check.tables import Tables, note_error
from twbot.cli.installation import extra_of
from twbot.lambdas.analytics.results import BadSql
from twbot.lambdas.analytics.saved_queries import read_query
from twbot.lambdas.errors import TwbotError
from twbot.lambdas.folder.folder import FILE

PICTURES = (".jpg", ".jpeg", ".png")


def check_queries(folder: Path, findings: Findings) -> None:
    """Run each query on an empty lake, with the defaults of its parameters."""
    paths = sorted((folder / "bot" / "queries").glob("*.sql"))
    if not paths:
        return
    with tempfile.TemporaryDirectory(prefix="twbot-check-") as empty:
        for path in paths:
            try:
                query = read_query(path)
                from twbot.local.lake.lake import Lake

                Lake(Path(empty)).query(query.sql, [each.default for each in query.parameters])
            except BadSql as error:
                findings.wrong(path, None, str(error), error.hint)
            except TwbotError as error:
                note_error(error, path, findings)
            except ModuleNotFoundError as error:
                _skip(path, error, findings)


def check_people(folder: Path, findings: Findings) -> None:
    """Check that each photo has one face."""
    people = folder / "bot" / "people"
    for person in sorted(each for each in people.glob("*") if each.is_dir()):
        photos = sorted(each for each in person.iterdir() if not each.name.startswith("."))
        if not any(each.suffix.lower() in PICTURES for each in photos):
            findings.warn(person, None, f"there is no photo of {person.name}: JPEG or PNG.")
        for photo in photos:
            if photo.suffix.lower() not in PICTURES:
                findings.warn(photo, None, "is no JPEG or PNG, and is left out.")
                continue
            try:
                from twbot.local.models.gallery import only_face

                only_face(photo.name, photo.read_bytes())
            except TwbotError as error:
                findings.wrong(photo, None, str(error), error.hint)
            except ModuleNotFoundError as error:
                _skip(photo, error, findings)
                return


def check_modes(folder: Path, findings: Findings) -> None:
    """Check who may change what runs: whoever may write to bot/ may run code as the bot."""
    user = os.geteuid()
    for path in (folder, folder / FILE, folder / "bot", *sorted((folder / "bot").rglob("*"))):
        if not path.exists():
            continue
        found = path.stat()
        if found.st_mode & stat.S_IWOTH and not found.st_mode & stat.S_ISVTX:
            findings.wrong(path, None, "everybody may write to it, and so run code as the bot.", f"chmod o-w {path}")
        elif found.st_uid not in (user, 0) and user != 0:
            findings.warn(path, None, "belongs to another user, who may change what the bot runs.")


def check_stages(tables: Tables, findings: Findings) -> None:
    """Check the settings of each stage."""
    from twbot.lambdas.settings import LOCAL, load

    for name in tables.declared.stages:
        try:
            settings = load(tables.path, name)
            if name != LOCAL:
                from twbot.stacks.config import AwsConfig, check_name

                check_name(name)
                from twbot.lambdas.folder.toml_file import convert

                convert(settings.aws, AwsConfig, tables.path, within=f"$.stages.{name}.aws")
        except TwbotError as error:
            note_error(error, tables.path, findings)


def _skip(path: Path, error: ModuleNotFoundError, findings: Findings) -> None:
    extra = extra_of(error) or "local"
    findings.warn(path, None, f"not checked: {error.name} is not installed.", f"pip install 'twbot[{extra}]'")
