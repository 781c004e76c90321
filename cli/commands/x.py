"""`twbot x`: the simulated X, which stands for X where a bot is developed."""

from __future__ import annotations

import contextlib
import json as json_library
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from twbot.cli.errors import CliError, Exit, writing
from twbot.cli.spelling import pasteable
from twbot.cli.ui.console import as_json, as_json_line, out, print_line, say, table
from twbot.cli.ui.figures import percent_cell
from twbot.cli.ui.options import AsJson, Data, DryRun, Yes
from twbot.cli.x.simulated import simulated_x
from twbot.local.simulator.limits import ANY_CALL, POST, FailureKind

if TYPE_CHECKING:
    from twbot.local.simulator.client import Simulator

app = typer.Typer(
    help="The simulated X: its page, its state, faults on demand; and to run it alone.", no_args_is_help=True
)
faults = typer.Typer(help="Faults on demand: of X's answers, and of its deliveries.", no_args_is_help=True)
app.add_typer(faults, name="faults")

STDIN = "-"
Document = Annotated[Path, typer.Argument(metavar="FILE", help="The document; - is stdin.", allow_dash=True)]


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

    address = simulated_x(data).page()
    print_line(address)
    if not only_print and not webbrowser.open(address):
        say("There is no browser here: open that address in one on this machine.")


@app.command()
def serve(
    port: Annotated[int, typer.Option(help="Where it listens; 0 for any free port.", min=0, max=65535)] = 0,
    bot: Annotated[
        str, typer.Option("--bot", help="The username of your bot's account, at the first start.")
    ] = "twbot",
    seed: Annotated[
        Path | None,
        typer.Option("--seed", help="Begin anew, with what this document says.", exists=True, dir_okay=False),
    ] = None,
    data: Data = None,
    json: AsJson = False,
) -> None:
    """Run a simulated X without a bot, to test any client or bot against. Ctrl-C stops it.

    It keeps what it knows in the data folder. --json prints one line with its address, its page and the keys, and the
    token of its control API.

    Example: twbot x serve --port 8090 --bot mybot

    Example: twbot x serve --data /tmp/x --seed people.json
    """
    import uvicorn  # noqa: F401 - the process needs it: where it is missing, it is said here

    from twbot.local.data_folder import DataFolder, data_folder, data_option, running_bot
    from twbot.local.simulator import alone

    document = None if seed is None else _read(seed)
    home = DataFolder(data_folder(data))
    if running_bot(home.folder) is not None or alone.find(home) is not None:
        hint = f"Open its page: twbot x open{data_option(data)}, or use another folder: twbot x serve --data FOLDER"
        raise CliError(f"A simulated X or a bot runs on {home.folder} already.", hint=hint)
    with contextlib.suppress(KeyboardInterrupt), _interruptible(), alone.running(home, port=port, bot=bot) as x:
        if document is not None:
            x.client.reset()
            x.client.take_in(document)
        if json:
            keys = x.client.all_keys()
            as_json_line({"url": x.url, "page": x.client.page(), "control_token": x.control_token, "keys": keys})
        else:
            _greet(x, data_option(data))
        x.process.wait()
        raise CliError("The simulated X has ended by itself.")


def _greet(x: Simulator, option: str) -> None:
    print_line(f"The simulated X: {x.url}")
    # The token in it is for whoever sits here, not for a file.
    print_line(f"Its page: {x.client.page()}" if out.is_screen else pasteable(f"Its page: twbot x open{option}"))
    print_line(pasteable(f"The keys of your app: twbot x keys{option}"))
    print_line("Ctrl-C stops it.")


@contextlib.contextmanager
def _interruptible() -> Iterator[None]:
    """Have SIGTERM end what is inside in order, as Ctrl-C does: that a shell's background job would ignore."""

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    before = {each: signal.signal(each, interrupt) for each in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)


@app.command()
def keys(
    user: Annotated[
        str | None, typer.Option("--user", help="The account whose access token it is.", show_default="your bot's")
    ] = None,
    data: Data = None,
    json: AsJson = False,
) -> None:
    """Print the keys with which a client signs in: those of the app, and an account's access token.

    They are worth nothing but at this simulated X. An account without a token gives the app one.

    Example: twbot x keys

    Example: twbot x keys --user alice --json
    """
    found = simulated_x(data).all_keys(user)
    if json:
        as_json(found)
        return
    table(["key", "value"], list(found.items()))


@app.command()
def export(
    file: Annotated[
        Path | None, typer.Option("--output", "-o", help="The file.", show_default="stdout", dir_okay=False)
    ] = None,
    data: Data = None,
) -> None:
    """Write what the simulated X knows: accounts, posts with pictures, and who follows, blocks, mutes and likes.

    Neither keys nor webhooks nor deliveries are in it.

    Example: twbot x export -o people.json
    """
    document = simulated_x(data).export()
    if file is None:
        as_json(json_library.loads(document))
        return
    with writing(file):
        file.write_bytes(document + b"\n")
    say(f"Written to {file}.")


@app.command("import")
def take_in(file: Document, data: Data = None, json: AsJson = False) -> None:
    """Add what a document says to the simulated X, all of it or nothing. Nothing is delivered of it.

    Example: twbot x import people.json
    """
    found = simulated_x(data).take_in(_read(file))
    if json:
        as_json(found)
        return
    print_line(", ".join(f"{count} {name}" for name, count in found.items()))


@app.command()
def reset(data: Data = None, yes: Yes = False, dry_run: DryRun = False, json: AsJson = False) -> None:
    """Forget all posts, people, deliveries and faults of the simulated X. A bot beside it goes on working.

    Its keys, webhooks and subscriptions stay.

    Example: twbot x reset --yes
    """
    from twbot.cli.ui.prompts import confirm

    x = simulated_x(data)
    posts = x.posts()
    what = f"all its posts ({len(posts)}) and people, at {x.url}"
    if dry_run:
        as_json({"posts": len(posts)}) if json else print_line(f"It would forget {what}.")
        return
    confirm(f"It forgets {what}.", yes=yes)
    x.reset()
    as_json({"reset": x.url}) if json else print_line("It knows nobody but your bot now.")


@faults.command("list")
def list_faults(data: Data = None, json: AsJson = False) -> None:
    """List the faults that are switched on.

    Example: twbot x faults list
    """
    _show(simulated_x(data).failures(), json)


@faults.command()
def add(
    kind: Annotated[FailureKind, typer.Argument(metavar="KIND", help="What goes wrong, one of those above.")],
    call: Annotated[str, typer.Option("--call", help=f"Of this call, by method and path; {ANY_CALL} for all.")] = POST,
    percent: Annotated[int, typer.Option("--percent", min=1, max=100, help="Of so many, chosen at random.")] = 100,
    count: Annotated[
        int | None, typer.Option("--count", min=1, help="The next so many only.", show_default="until it is cleared")
    ] = None,
    seconds: Annotated[
        float, typer.Option("--seconds", min=0, max=3600, help="Until the answer, the delivery, or a limit's reset.")
    ] = 2.0,
    data: Data = None,
    json: AsJson = False,
) -> None:
    """Switch a fault on, until it is cleared.

    Of X's answers: rate_limit, unavailable, error, lost_answer, timeout, slow, unauthorized, forbidden, duplicate,
    credits, cap. Of its deliveries to webhooks: sent_twice, sent_late, never_sent, wrong_signature.

    Example: twbot x faults add unavailable --percent 20

    Example: twbot x faults add lost_answer --count 1

    Example: twbot x faults add slow --call "*" --seconds 5

    Example: twbot x faults add sent_twice
    """
    _show(simulated_x(data).fail(kind, count=count, call=call, seconds=seconds, share=percent / 100), json)


@faults.command()
def plan(
    file: Document,
    seed: Annotated[int | None, typer.Option("--seed", help="Choose the same calls each time.")] = None,
    data: Data = None,
    json: AsJson = False,
) -> None:
    """Replace all faults by those of a file: a list of objects with kind, call, share, count and seconds.

    Example: twbot x faults plan faults.json --seed 7
    """
    try:
        asked = json_library.loads(_read(file))
    except ValueError as error:
        raise CliError(f"{file} is not JSON: {error}.", code=Exit.USAGE) from None
    if not isinstance(asked, list):
        hint = 'As in: [{"kind": "unavailable", "share": 0.2, "count": null}]'
        raise CliError(f"{file} is no list of faults.", hint=hint, code=Exit.USAGE)
    _show(simulated_x(data).plan(asked, seed=seed), json)


@faults.command()
def clear(
    fault: Annotated[int | None, typer.Argument(metavar="ID", help="This one only.", show_default="all")] = None,
    data: Data = None,
    json: AsJson = False,
) -> None:
    """Switch a fault off, or all of them.

    Example: twbot x faults clear
    """
    x = simulated_x(data)
    if fault is not None and fault not in (each["id"] for each in x.failures()):
        raise CliError(f"There is no fault {fault}.", hint="See them: twbot x faults list", code=Exit.NOT_FOUND)
    _show(x.mend(fault), json)


def _show(coming: list[dict[str, Any]], json: bool) -> None:
    if json:
        as_json(coming)
        return
    columns = ["id", "kind", "of", "share", "left", "seconds"]
    rows = [
        (
            str(each["id"]),
            each["kind"],
            each["call"],
            percent_cell(each["share"]),
            "all" if each["count"] is None else str(each["count"]),
            f"{each['seconds']:g}",
        )
        for each in coming
    ]
    table(columns, rows, none="X answers and delivers as it should.")


def _read(file: Path) -> bytes:
    if str(file) == STDIN:
        return sys.stdin.buffer.read()
    try:
        return file.read_bytes()
    except OSError as error:
        raise CliError(f"Cannot read {file}: {error.strerror}.", code=Exit.USAGE) from None
