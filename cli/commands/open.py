"""`twbot open`: opens the console in the browser, of a bot on this machine or of a stage on AWS."""

from __future__ import annotations

import contextlib
from typing import Annotated

import typer

from twbot.cli.operations.target import Target
from twbot.cli.ui.console import print_line, say
from twbot.cli.ui.options import targeted


@targeted
def open(  # noqa: A001 - the command's name
    target: Target,
    only_print: Annotated[bool, typer.Option("--print", help="Print the address, and open no browser.")] = False,
) -> None:
    """Open the console in the browser: what people wrote, what was made of it and answered, and what went wrong.

    Beside a running bot it is there already. Otherwise, and for a stage on AWS, it runs until Ctrl-C. Its address has a
    token: whoever knows it may operate the bot from this machine.

    Example: twbot open

    Example: twbot open --stage prod
    """
    from twbot.cli.console.server import ConsoleInfo, running_console, serve
    from twbot.local.data_folder import DataFolder

    def show(info: ConsoleInfo) -> None:
        print_line(info.address)
        if not only_print:
            _browse(info.address)

    if target.is_local and (info := running_console(DataFolder(target.folder()))) is not None:
        show(info)
        return
    if not target.is_local:
        target.open().webhook_url()  # what is not there, or not allowed, is said now and not in the browser

    def greet(info: ConsoleInfo) -> None:
        say("The console runs until Ctrl-C.")
        show(info)

    with contextlib.suppress(KeyboardInterrupt):
        serve(target, greet)


def _browse(address: str) -> None:
    import webbrowser

    if not webbrowser.open(address):
        say("There is no browser here: open that address in one on this machine.")
