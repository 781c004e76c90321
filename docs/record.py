"""Records a session, and what the commands print: `make recording`. Nothing of it is written by hand.

Writes docs/pictures/ and docs/outputs.json, for README.md, the tutorial and the pages of the commands.
"""

from __future__ import annotations

import re
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import typer
from PIL import Image

from docs.drawing import Scene, film, picture
from docs.outputs import FILE, Output
from docs.terminal import Printed, Terminal
from twbot.cli.main import app

ROOT = Path(__file__).parents[1]
PICTURES = ROOT / "docs" / "pictures"
PHOTO = ROOT / "local" / "simulator" / "pictures" / "celebrity.jpg"
UP = "twbot up --detach --warm"
SESSION = (
    'twbot send "tell me a joke" --as alice',
    'twbot send "who is in this picture?" --as erin --image photo.jpg',
    'twbot send "This is awful, you broke again and I am really angry!" --as carol',
    "twbot alerts raised",
    "twbot query celebrities",
)
# What is typed for the pages of the commands, after the session. {post}: the picture's post.
COMMANDS = (
    "twbot send 'when do you sleep?' --as bob",
    "twbot status",
    "twbot tail --since 1h --limit 6",
    "twbot trace {post}",
    "twbot query labels",
    "twbot doctor",
    "twbot schema",
    'twbot analyse "The new trains are lovely, but always late"',
    'twbot chat "tell me something I do not know"',
    "twbot celebrities list",
    "twbot secrets list",
    "twbot webhook list",
    "twbot webhook check",
    "twbot webhook sample http://127.0.0.1:9/twitter --dry-run",
    "twbot subscription list",
    "twbot replies status",
    "twbot alerts list",
    "twbot alerts raised",
    "twbot replay --since 1h --dry-run",
    "twbot dlq list",
    "twbot logs --limit 5",
    "twbot metrics",
    "twbot rules list",
    "twbot tail --since 1h --type TWEET_SENT --limit 1 --json | twbot rules test -",
    "twbot forget {post} --dry-run",
    "twbot export -o events.parquet",
    "twbot backup monday.tar.gz",
    "twbot cost --messages 10000 --images 30%",
    "twbot new coffee-bot --template minimal --yes",
    "twbot check --project coffee-bot",
)
MAX_LINES = 40


def main() -> None:
    """Record everything anew."""
    with tempfile.TemporaryDirectory(prefix="twbot-") as folder:
        terminal = Terminal(Path(folder))
        shutil.copy(PHOTO, terminal.folder / "photo.jpg")
        up = done(terminal.type(UP))
        try:
            session = [done(terminal.type(line)) for line in SESSION]
            (post,) = re.findall(r"posted (\d+)", session[1].plain)
            others = [terminal.type(line.replace("{post}", post)) for line in COMMANDS]
        finally:
            down = terminal.type("twbot down")
        PICTURES.mkdir(exist_ok=True)
        reply = smaller(next(terminal.folder.glob(".twbot/replies/*.jpg")), terminal.folder / "smaller.jpg")
        scenes = [Scene(each, reply if "--image" in each.typed else None) for each in [up, *session]]
        write(
            "session.svg", film(scenes, "A session: three people post, the bot answers; the names are on the picture.")
        )
        trace = next(each for each in others if each.typed.startswith("twbot trace"))
        write("trace.svg", picture([trace], "twbot trace: one post from the webhook to the reply."))
        write("send.svg", picture([session[0]], "twbot send: a post, and the bot's reply."))
    found = {name_of(each): output_of(each) for each in (up, *session, *others, down) if each.code == 0}
    text = msgspec.json.format(msgspec.json.encode(dict(sorted(found.items()))), indent=2).decode()
    FILE.write_text(f"{text}\n", "utf-8")
    for each in (*others, down):
        if each.code != 0:
            sys.stderr.write(f"{each.typed} ended with {each.code}, and is left out:\n{each.plain}\n")


def done(printed: Printed) -> Printed:
    """Return what a command printed that has to succeed. Raises RuntimeError."""
    if printed.code != 0:
        raise RuntimeError(f"{printed.typed} ended with {printed.code}:\n{printed.plain}")
    return printed


def smaller(photo: Path, to: Path) -> Path:
    """Write a picture of 500 pixels at most, for the film."""
    with Image.open(photo) as image:
        image.thumbnail((500, 500))
        image.convert("RGB").save(to, quality=80)
    return to


def write(name: str, text: str) -> None:
    (PICTURES / name).write_text(text, "utf-8")


def name_of(printed: Printed) -> str:
    """Return the name of the command that a line is about: twbot dlq list."""
    return " ".join(command_words(printed.typed.rpartition("| ")[2]))


def command_words(line: str) -> Iterator[str]:
    """Yield the words of a command's name."""
    found: Any = typer.main.get_command(app)
    first, *words = line.split()
    yield first
    for word in words:
        if (child := getattr(found, "commands", {}).get(word)) is None:
            return
        found = child
        yield word


def output_of(printed: Printed) -> Output:
    lines = printed.plain.splitlines()
    shown = (
        lines if len(lines) <= MAX_LINES else [*lines[: MAX_LINES - 1], f"… {len(lines) - MAX_LINES + 1} more lines"]
    )
    return Output(typed=printed.typed, printed="\n".join(shown))


if __name__ == "__main__":
    main()
