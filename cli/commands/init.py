"""`twbot init`: writes a twbot.toml with every setting and its explanation."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from twbot.cli.errors import CliError, Exit, writing
from twbot.cli.ui.console import print_line, say
from twbot.lambdas.settings import LOCAL, settings_file
from twbot.lambdas.text_files import decode_text, encoding_of

HEAD = """\
# The stages of the bot: `twbot COMMAND --stage NAME` chooses one. What is commented out is the default, or an
# example where there is none. Keys of X do not belong here: twbot secrets set
"""
STAGE = """
[stages.{name}]                       # how the bot behaves
# replies = true                       # answer posts; off: it only analyses, alerts and keeps
# blur_strangers = false               # blur the faces of people who are not celebrities
# highlight_labels = []                # frame these in pictures, as Rekognition calls them: ["Dog", "Car"]
# quote_pictures = true                # repeat what is written in a picture, which is what a stranger wrote
# made_with_ai = false                 # have X mark replies as made with AI
# archive_days = 30                    # how long events can be replayed; default: 30 on AWS, on this machine for ever
# lake_days = 3650                     # how long queries find events; default: for ever
# own = {}                             # for the bot's own functions, which find it in bot.settings
"""
AWS = """
[stages.{name}.aws]                   # where it is, and what it is made of
# twitter_account_id = "999999"        # the bot's account on X, its number; or --account-id. No default
# account = "123456789012"             # the AWS account; default: where the credentials lead
# region = "us-east-1"                 # it must have Lex V2 and Rekognition's celebrities; default: the profile's
# profile = "default"                  # of ~/.aws/config; default: AWS_PROFILE, or what the environment has
# production = {production}              # its data outlives `twbot destroy`; default: only in prod
# secret = "{secret}"         # the keys of X, by this name in Secrets Manager
# workflow = "EXPRESS"                 # or STANDARD: dearer, but each execution can be looked at for 90 days
# log_days = 30                        # how long logs are kept: 1, 3, 5, 7, 14, 30, 60, 90, …
# alerts = []                          # who hears of alerts: ["a@example.com", "+442079460000", "https://…"]
# alarms = []                          # who hears when the bot itself has trouble; as alerts
# requests_per_second = 50             # webhook calls; what is beyond X sends again
# replies_at_once = 2                  # 2 or more
# query_limit_mb = 1000                # what one SQL query may read, at $5 per 1,000,000 MB; 10 or more
# extra = "infra.stack:add"            # your own CDK beside twbot's: a function of the bot's folder; default: none
# x_url = "https://x.example.com"      # what stands in for X, to try a stage without it; default: X itself

[stages.{name}.aws.detectors]         # the AI that is asked for each post, and paid for: twbot cost
# sentiment = true                     # alerts need it
# language = true                      # of the text, where X does not say
# labels = true                        # what is in a picture
# texts = true                         # what is written in a picture
# celebrities = true                   # who is in a picture
# entities = false                     # people, places, brands in the text: only for SQL queries
"""

_COMMENT = re.compile(r"^((?:# \w+ = |\[)[^#\n]*) #", re.MULTILINE)

Force = Annotated[bool, typer.Option("--force", help="Write it anew; what was there goes to twbot.toml.old.")]
Ci = Annotated[
    Literal["github"] | None,
    typer.Option("--ci", help="Write a workflow instead, which checks, tests and deploys the bot."),
]
Name = Annotated[
    str, typer.Option("--stage", help="The stage's name: prod, test, …; local for the bot of this machine.")
]


def init(stage: Name = "prod", ci: Ci = None, force: Force = False) -> None:
    """Write a twbot.toml that explains every setting of a stage, or add a stage to the one that is there.

    Example: twbot init

    Example: twbot init --stage local

    Example: twbot init --ci github
    """
    if ci:
        _write_workflow(stage)
        return
    text, file = written(stage), settings_file()
    if force or not file.exists():
        with writing(file):
            if file.exists():
                file.replace(file.with_name(f"{file.name}.old"))
            file.write_text(HEAD + text, encoding="utf-8")
        print_line(f"Wrote {file} with the stage {stage}.")
    else:
        _add(stage, text, file)
        print_line(f"Added the stage {stage} to {file}.")
    if stage == LOCAL:
        say("Next: look through it. The bot of this machine reads it when it starts: twbot up")
        return
    say(f"Next: look through it, then: twbot deploy --stage {stage} --account-id 999999 (the bot's number on X)")
    if f"[stages.{LOCAL}]" not in decode_text(file.read_bytes()):
        say(f"That is a stage on AWS. For the bot of this machine: twbot init --stage {LOCAL}")


def _write_workflow(stage: str) -> None:
    from twbot.cli.deploy.target import on_aws
    from twbot.cli.scaffold.templates import write_workflow

    on_aws(stage)
    path = write_workflow(stage, settings_file().parent)
    print_line(f"Wrote {path}.")
    say("Next: read its head, which says what to set up in AWS and in the repository's settings.")


def written(stage: str) -> str:
    """Return the tables of a stage as TOML. Raises CliError for an invalid name."""
    text = _on_aws(stage) if stage != LOCAL else STAGE.replace("{name}", stage)
    # The values' lengths differ, so the comments behind them are aligned again.
    return _COMMENT.sub(lambda found: f"{found[1].rstrip():<38} #", text)


def _on_aws(stage: str) -> str:
    from twbot.cli.deploy.target import on_aws

    on_aws(stage)
    from twbot.stacks.config import PRODUCTION

    production = stage == PRODUCTION
    secret = "TwitterSecret" if production else f"TwitterSecret-{stage}"
    values = {"name": stage, "production": str(production).lower(), "secret": secret}
    text = STAGE + AWS
    for key, value in values.items():
        text = text.replace(f"{{{key}}}", value)
    return text


def _add(stage: str, text: str, file: Path) -> None:
    """Append a stage to twbot.toml. Raises CliError if the file has it already or cannot be read."""
    import msgspec

    try:
        before = file.read_bytes()
        tables: dict[str, Any] = msgspec.toml.decode(decode_text(before))
        stages = msgspec.convert(tables.get("stages", {}), dict[str, dict[str, Any]])
    except (ValueError, OSError) as error:
        raise CliError(f"Cannot read {file}: {error}", hint="Put it right, or write it anew: --force") from None
    if stage in stages:
        hint = (
            f"Edit it, add another stage: twbot init --stage NAME, or write it anew: twbot init --stage {stage} --force"
        )
        raise CliError(f"{file} has the stage {stage} already.", hint=hint, code=Exit.USAGE)
    with writing(file), file.open("a", encoding="utf-8") as opened:
        if encoding_of(before).startswith(("utf-16", "utf-32")):
            # One file has one encoding: what was there is written anew.
            opened.truncate(0)
            opened.write(decode_text(before))
        opened.write(text)
