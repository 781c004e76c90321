"""`twbot alerts`: what was said in anger, and whether the people who should hear of it can."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cli.operations import alert_list
from cli.options import AsJson, placed
from cli.render import as_json, print_line, table
from cli.stage import Place
from cli.times import Utc, shown

app = typer.Typer(help="Alerts about negative messages.", no_args_is_help=True)
Config = Annotated[Path, typer.Option("--config", help="The settings: alert_url in [stages.local].")]
CONFIG = Path("twbot.toml")


@app.command("list")
@placed
def list_alerts(
    place: Place,
    limit: Annotated[int, typer.Option("--limit", min=1, help="At most so many.")] = 20,
    utc: Utc = False,
    json: AsJson = False,
) -> None:
    """The alerts, the newest first.

    Example: twbot alerts list --limit 5
    """
    found = alert_list(place, CONFIG).newest(limit)
    if json:
        as_json(found)
    elif not found:
        print_line("No alerts.")
    else:
        rows = [
            (shown(a.time, utc=utc), f"@{a.author}", a.text, _sure(a.negative), "yes" if a.posted else "", a.tweet_id)
            for a in found
        ]
        table(["time", "author", "text", "negative", "posted", "post"], rows)


@app.command("test")
@placed
def send_test(place: Place, config: Config = CONFIG, json: AsJson = False) -> None:
    """Post a test alert to the address of the settings, as the bot would.

    Example: twbot alerts test
    """
    alert_list(place, config).test()
    as_json({"posted": True}) if json else print_line("A test alert was posted to the address of the settings.")


def _sure(negative: float | None) -> str:
    return "" if negative is None else f"{negative:.0%}"
