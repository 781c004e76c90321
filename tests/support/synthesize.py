"""Synthesizes the stages that the tests look at, with cdk-nag watching: python -m tests.support.synthesize FOLDER."""

from __future__ import annotations

import contextlib
import os
import sys
from pathlib import Path

from tests.support.own_folder import write_own_folder
from twbot.lambdas.folder.folder import VARIABLE
from twbot.stacks.config import StageConfig, load_stage
from twbot.stacks.node import put_node_on_path

STAGES_FILE = """\
[stages.prod]

[stages.dev]
blur_strangers = true
archive_days = 90
lake_days = 400
[stages.dev.aws]
region = "eu-west-1"
account = "123456789012"
workflow = "STANDARD"
log_days = 7
alerts = ["someone@example.com", "+442079460000", "https://example.com/alerts"]
alarms = ["operator@example.com"]
secret = "keys-of-another-bot"
x_url = "https://x.example.com"
detectors = { entities = true }

[stages.bare.aws]
detectors = { sentiment = false, labels = false, texts = false, celebrities = false }
"""
STAGES = ("prod", "dev", "bare")
CANARY = "canary"
# A stage of the bot in tests/support/own_folder.py.
OWN = "own"


def stage(name: str, folder: Path) -> StageConfig:
    """One of the stages, as the templates in this folder have it."""
    return load_stage(name, folder / "twbot.toml", twitter_account_id="999999")


def main(folder: Path) -> None:
    put_node_on_path()
    from aws_cdk import App, Stack, Validations
    from aws_cdk import aws_sqs as sqs
    from cdk_nag import AwsSolutionsChecks

    from twbot.stacks.system import add_system

    def watched(name: str) -> App:
        app = App(outdir=str(folder / name))
        Validations.of(app).add_plugins(AwsSolutionsChecks(app))
        return app

    (folder / "twbot.toml").write_text(STAGES_FILE)
    for name in STAGES:
        app = watched(name)
        add_system(app, stage(name, folder))
        with contextlib.suppress(RuntimeError):  # findings: the report has them, and a test reads it
            app.synth()
    os.environ[VARIABLE] = str(write_own_folder(folder / "own-folder"))
    app = watched(OWN)
    add_system(app, load_stage("test", twitter_account_id="999999"))
    with contextlib.suppress(RuntimeError):
        app.synth()
    del os.environ[VARIABLE]
    canary = watched(CANARY)
    sqs.Queue(Stack(canary, "Canary"), "Queue")
    with contextlib.suppress(RuntimeError):
        canary.synth()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
