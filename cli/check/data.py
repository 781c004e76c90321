"""Checks what lies in the folder beside tables and code: queries, photos of people, conversations, modes."""

from __future__ import annotations

import copy
import os
import stat
import tempfile
from pathlib import Path
from typing import TypeVar

from twbot.cli.check.findings import Findings
from twbot.cli.check.sources import functions_in
from twbot.cli.check.tables import Tables, note_error
from twbot.cli.installation import extra_of
from twbot.cli.ui.pictures import picture_path
from twbot.lambdas.analytics.results import BadSql
from twbot.lambdas.analytics.saved_queries import read_query
from twbot.lambdas.errors import TwbotError
from twbot.lambdas.folder.folder import FILE
from twbot.lambdas.folder.people import SUFFIXES, checked_name, people_folder
from twbot.lambdas.folder.toml_file import Parsed
from twbot.lambdas.nearest import did_you_mean
from twbot.lambdas.responding.lex_limits import FALLBACK
from twbot.lambdas.settings import LOCAL, Settings
from twbot.local.conversations.records import FILE as CONVERSATIONS
from twbot.local.conversations.records import ConversationsFile
from twbot.stacks.config import AwsConfig, check_name, too_long

T = TypeVar("T")


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
    """Check that each photo is somebody's and has one face."""
    people = people_folder(folder)
    entries = sorted(each for each in people.glob("*") if not each.name.startswith("."))
    for each in entries:
        if each.is_dir():
            if not _check_person(each, findings):
                return
        elif each.suffix.lower() in SUFFIXES:
            findings.wrong(each, None, "is nobody's.", "Put it into a folder that has the person's name")


def _check_person(person: Path, findings: Findings) -> bool:
    """Check the photos of somebody; return False where there is nothing to check faces with."""
    try:
        checked_name(person.name)
    except TwbotError as error:
        findings.wrong(person, None, str(error), error.hint)
    photos = sorted(each for each in person.iterdir() if each.suffix.lower() in SUFFIXES)
    if not photos:
        hint = "Put a JPEG or PNG into it, with the person's face alone"
        findings.wrong(person, None, f"there is no photo of {person.name}.", hint)
    for photo in photos:
        try:
            from twbot.local.models.gallery import only_face

            only_face(photo.name, photo.read_bytes())
        except TwbotError as error:
            findings.wrong(photo, None, str(error), error.hint)
        except ModuleNotFoundError as error:
            _skip(photo, error, findings)
            return False
    return True


def check_conversations(tables: Tables, findings: Findings) -> None:
    """Check tests/conversations.toml, which `twbot test` holds: keys, pictures, intents."""
    path = tables.folder / CONVERSATIONS
    parsed = tables.read(path, ConversationsFile)
    if parsed is None or parsed.value is None:
        return
    intents = {
        intent.name for each in tables.chatbots.values() if each.value is not None for intent in each.value.intents
    }
    runs = {use.run for use in tables.functions()}
    for number, each in enumerate(parsed.value.conversations):
        if each.image:
            try:
                picture_path(each.image, path.parent)
            except TwbotError as error:
                findings.wrong(path, parsed.line("conversations", number, "image"), str(error), error.hint)
        if each.intent and intents and each.intent not in {*intents, FALLBACK}:
            hint = did_you_mean(each.intent, intents)
            findings.wrong(path, parsed.line("conversations", number, "intent"), f"no intent {each.intent}.", hint)
        if each.by and each.by not in runs:
            says = f"{each.by} answers nobody: neither [answers] nor an intent names it."
            findings.wrong(path, parsed.line("conversations", number, "by"), says, did_you_mean(each.by, runs))


def check_lock(tables: Tables, findings: Findings) -> None:
    """Check that the packages are locked as requirements.txt has them; what is for AWS is wrong only with a stage."""
    path = tables.folder / "requirements.txt"
    if not path.is_file():
        return
    try:
        from twbot.stacks.bundling.lock import lock_problems

        found = lock_problems(tables.folder)
    except TwbotError as error:
        note_error(error, path, findings)
    except ModuleNotFoundError as error:
        _skip(path, error, findings)
    else:
        note = findings.wrong if tables.declared.stages.keys() - {LOCAL} else findings.warn
        for each in found:
            note(path, None, each.says, each.fix)


def check_secrets(tables: Tables, findings: Findings) -> None:
    """Warn of secrets that are not stored on this machine."""
    from twbot.local.adapters.secrets import OwnSecrets
    from twbot.local.data_folder import DataFolder, data_folder

    path = DataFolder(data_folder(None)).own_secrets
    try:
        stored = OwnSecrets(path).names()
    except TwbotError as error:
        findings.warn(path, None, str(error), error.hint)
        return
    for line, name in tables.secrets():
        if name not in stored:
            hint = f"Store it: twbot secrets put {name}; on AWS with --stage NAME"
            findings.warn(tables.path, line, f"the secret {name} is not stored on this machine.", hint)


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
    for name in tables.declared.stages:
        settings = _part(tables, tables.declared.stages[name], Settings, f"$.stages.{name}", findings)
        if name == LOCAL or settings is None:
            continue
        try:
            check_name(name)
        except TwbotError as error:
            findings.wrong(tables.path, tables.line("stages", name), str(error), error.hint)
        if fault := too_long(name, settings):
            findings.wrong(tables.path, tables.line("stages", name, "own"), str(fault), fault.hint)
        aws = _part(tables, settings.aws, AwsConfig, f"$.stages.{name}.aws", findings)
        if aws is not None:
            _check_extra(tables, name, aws.extra, findings)


def _part(tables: Tables, found: object, as_type: type[T], within: str, findings: Findings) -> T | None:
    """Return what is right of a part of twbot.toml, and note all that is wrong."""
    parsed = Parsed(tables.file.text if tables.file else "", copy.deepcopy(found), as_type, within)
    for line, says in parsed.faults:
        findings.wrong(tables.path, line, says)
    return parsed.value


def _check_extra(tables: Tables, stage: str, extra: str | None, findings: Findings) -> None:
    """Check that the CDK code is there. It is not imported, as CDK takes seconds."""
    if extra is None:
        return
    module, _, name = extra.partition(":")
    path = tables.folder / Path(*module.split(".")).with_suffix(".py")
    line = tables.line("stages", stage, "aws", "extra")
    if not path.is_file():
        findings.wrong(tables.path, line, f"there is no {path.relative_to(tables.folder)}, which `extra` names.")
    elif name not in functions_in(path):
        findings.wrong(tables.path, line, f"there is no function {name} in {path.relative_to(tables.folder)}.")


def _skip(path: Path, error: ModuleNotFoundError, findings: Findings) -> None:
    extra = extra_of(error) or "local"
    findings.warn(path, None, f"not checked: {error.name} is not installed.", f"pip install 'twbot[{extra}]'")
