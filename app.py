"""The CDK app: `cdk deploy --all --context twitterAccountId=999999 [--context stage=dev]`."""

from __future__ import annotations

import sys
from pathlib import Path

from twbot.lambdas.errors import TwbotError
from twbot.lambdas.settings import settings_file
from twbot.stacks.config import PRODUCTION, load_stage
from twbot.stacks.node import put_node_on_path


def main() -> None:
    # First, as `import aws_cdk` starts the `node` that is on the PATH, and ours comes from a package.
    put_node_on_path()
    from aws_cdk import App

    from twbot.stacks.system import add_system

    app = App()
    context = app.node.try_get_context
    try:
        stage = load_stage(
            str(context("stage") or PRODUCTION),
            Path(context("config") or settings_file()),
            twitter_account_id=str(context("twitterAccountId") or "") or None,
            region=str(context("region") or "") or None,
        )
        add_system(app, stage)
    except TwbotError as error:
        sys.exit(f"twbot: {error}" + (f"\ntwbot's hint: {error.hint}" if error.hint else ""))
    app.synth()


if __name__ == "__main__":
    main()
