"""`twbot synth`: writes a stage's CloudFormation templates to a folder."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from twbot.cli.deploy.screen import waiting
from twbot.cli.deploy.target import PROD, AccountId, digits, logged, new_log, no_account_id, on_aws
from twbot.cli.errors import CliError, Exit, writing
from twbot.cli.ui.console import as_json, err, table
from twbot.cli.ui.options import AsJson, Data, Region, StageName
from twbot.lambdas.settings import settings_file


def synth(
    stage: StageName = PROD,
    account: AccountId = None,
    output: Annotated[
        Path | None,
        typer.Option("--output", help="The folder.", show_default=".twbot/cdk/STAGE", file_okay=False),
    ] = None,
    region: Region = None,
    data: Data = None,
    json: AsJson = False,
) -> None:
    """Write a stage's CloudFormation templates to a folder. Needs no credentials.

    Example: twbot synth --stage prod --account-id 999999 --output templates
    """
    from twbot.cli.operations.errors import translate_errors
    from twbot.local.data_folder import data_folder, make_private

    log = new_log("synth", on_aws(stage), data)
    with translate_errors(), logged(log):
        from twbot.cli.deploy.assembly import synthesize

        folder = _own_folder(output or make_private(data_folder(data)) / "cdk" / stage)
        account_id = digits(account or _configured_account(stage))
        err.print(Text.assemble("Stage ", (stage, "bold")))
        with waiting("Making the templates"):
            assembly = synthesize(stage, folder, log=log, config=settings_file(), account_id=account_id, region=region)
    rows = [(each.name, len(each.template["Resources"]), str(each.path)) for each in assembly.stacks]
    if json:
        as_json([{"stack": name, "resources": count, "template": path} for name, count, path in rows])
    else:
        table(["stack", "resources", "template"], rows)


def _configured_account(stage: str) -> str:
    """Return the bot's account id on X from twbot.toml. Raises CliError if it has none."""
    from twbot.cli.operations.aws_stage import AwsBot

    configured = AwsBot(stage, file=settings_file()).account_id
    if configured is None:
        raise no_account_id(stage)
    return configured


def _own_folder(folder: Path) -> Path:
    """Return the folder if it is new, empty or written by an earlier synth. Raises CliError for any other."""
    # Each cloud assembly contains the file cdk.out; one that failed may have the assets only.
    if folder.exists() and not (folder / "cdk.out").exists() and not all(map(_is_asset, folder.iterdir())):
        raise CliError(f"{folder} holds something else.", hint="Name another folder: --output", code=Exit.USAGE)
    with writing(folder):
        folder.mkdir(parents=True, exist_ok=True)
    return folder


def _is_asset(path: Path) -> bool:
    return path.name.startswith("asset.")
