"""`twbot x`: the simulated X, which stands for X where a bot is developed."""

from __future__ import annotations

from typing import Annotated

import typer

from twbot.cli.ui.console import print_line, say
from twbot.cli.ui.options import Data
from twbot.cli.x.simulated import running_simulated_x

app = typer.Typer(help="The simulated X: its page.", no_args_is_help=True)


@app.callback()
def group() -> None:
    """The simulated X: its page."""


@app.command("open")
def open_page(
    only_print: Annotated[bool, typer.Option("--print", help="Print the address, and open no browser.")] = False,
    data: Data = None,
) -> None:
    """Open the page of the simulated X in the browser: its accounts, posts, deliveries and faults on switches.

    Its address has a token: whoever knows it may post as anybody there, from this machine.

    Example: twbot x open
    """
    import webbrowser

    client, _ = running_simulated_x(data)
    address = client.page()
    print_line(address)
    if not only_print and not webbrowser.open(address):
        say("There is no browser here: open that address in one on this machine.")
