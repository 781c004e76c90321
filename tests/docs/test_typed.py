"""Each line that the pages have people type is run, or parsed where it needs what a test has not."""

from __future__ import annotations

import re
import shlex
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.support.commands import COMMANDS, examples_in, parse
from tests.support.desk import NOT_THERE, Stand, at_a_desk, in_a_shell, interrupted
from tests.support.pages import BLOCKS
from tests.support.paths import PICTURES, ROOT
from tests.support.world import World
from twbot.cli.errors import Exit
from twbot.cli.main import run

SEPARATORS = {"&&", "|", ";"}

# Programs that are not ours, and why they are not run.
OTHERS = {
    "make": "its target is looked up",
    "docker": "there is no daemon, and nothing to pull",
    **dict.fromkeys(("useradd", "install", "systemctl", "sudo", "mkdir", "cp"), "it needs root, or writes outside"),
    **dict.fromkeys(("python3", "pip", "/opt/twbot/bin/pip", "uv", "git", "pre-commit"), "it needs the network"),
    **dict.fromkeys(("cloudflared", "ssh", "cdk"), "it needs an account elsewhere"),
    **dict.fromkeys(("cut", "tail", "wc"), "it is run behind a command of ours"),
    **dict.fromkeys(("pytest", "ruff"), "this is what it does"),
    **dict.fromkeys(("cut", "tail", "wc"), "it reads what ours prints"),
    **dict.fromkeys(("cd", ".", "export", "alias"), "it is about the shell alone"),
}
# Ours that are not run here: why, or where they are.
PARSED = {
    "twbot up": "runs until it is stopped: tests/cli/commands/test_up_and_down.py",
    "twbot open": "runs until it is stopped: tests/cli/commands/test_open.py",
    "twbot down": "ends a process: tests/cli/commands/test_up_and_down.py",
    "twbot demo": "takes the models: tests/end_to_end/test_demo.py",
    "twbot x serve": "runs until it is stopped: tests/cli/commands/test_x_command.py",
    "twbot x": "changes what others use: tests/cli/commands/test_x_command.py",
    "twbot test": "takes the models: tests/docs/test_tutorial.py",
    "twbot analyse": "takes the models: tests/cli/commands/test_examples.py",
    "twbot deploy": "needs AWS: tests/cli/deploy/test_deploy_commands.py",
    "twbot diff": "needs AWS: tests/cli/deploy/test_deploy_commands.py",
    "twbot doctor --stage": "needs AWS: tests/cli/doctor/test_doctor_command.py",
    "twbot doctor": "takes the models: tests/cli/doctor/test_doctor_command.py",
    "twbot subscription migrate": "is for good, on a bot of its own: tests/cli/commands/test_subscription_command.py",
    "twbot webhook delete": "is for good, on a bot of its own: tests/cli/commands/test_webhook_command.py",
    "twbot subscription add --stage": "needs AWS: tests/cli/commands/test_subscription_command.py",
}
# Pages whose lines need the files of a bot's folder, and what types them there.
IN_A_FOLDER = {"docs/tutorial.md": "tests/docs/test_tutorial.py", "examples/": "tests/examples/"}


class Typed(NamedTuple):
    page: str
    line: str
    """As it stands in the page, without its comment."""

    @property
    def commands(self) -> list[list[str]]:
        """The words of each command of the line."""
        found: list[list[str]] = [[]]
        for word in shlex.split(self.line):
            if word in SEPARATORS:
                found.append([])
            else:
                found[-1].append(word)
        return found

    @property
    def ours(self) -> Iterator[list[str]]:
        """The arguments of each `twbot` that is called, by another program or by its path, too."""
        for words in self.commands:
            if words[0] == "alias":
                continue
            starts = [at for at, word in enumerate(words) if word == "twbot" or word.endswith("/bin/twbot")]
            # docker run twbot …: the image, whose entry point is twbot. useradd twbot is none.
            if starts and words[0] in ("twbot", "sudo", "docker") and words[1] not in ("build", "volume"):
                yield words[starts[-1] + 1 :]


def typed() -> Iterator[Typed]:
    for block in BLOCKS:
        if block.kind == "sh":
            for line in block.text.replace("\\\n", " ").splitlines():
                if words := re.sub(r"\s+# .*|^#.*", "", line).strip():
                    yield Typed(block.page, words)


def test_where_they_are_tried_is_there() -> None:
    """A reason that names a file names one that there is."""
    named = [path for why in (*PARSED.values(), *IN_A_FOLDER.values()) for path in re.findall(r"tests/\S+", why)]
    assert not [path for path in named if not (ROOT / path).exists()]


TYPED = list(dict.fromkeys(typed()))
EXAMPLES = {example for text in COMMANDS.values() for example in examples_in(text)}
RUN = [
    line
    for line in dict.fromkeys(each.line for each in TYPED if not each.page.startswith(tuple(IN_A_FOLDER)))
    # An example of the help is run as such.
    if line.startswith("twbot ")
    and line not in EXAMPLES
    and not any(part.strip().startswith(tuple(PARSED)) for part in line.split("&&"))
]


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder with the files that the pages name."""
    monkeypatch.chdir(tmp_path)
    make_files(tmp_path)


def make_files(folder: Path) -> None:
    for name in ("photo.jpg", "ada1.jpg", "ada2.jpg"):
        shutil.copy(PICTURES / "stranger.jpg", folder / name)
    for name in ("monday.tar.gz", "people.json", "faults.json"):
        (folder / name).touch()


@pytest.mark.parametrize("each", TYPED, ids=lambda each: f"{each.page}: {each.line}"[:90])
@pytest.mark.usefixtures("files")
def test_it_can_be_typed(each: Typed) -> None:
    """Of ours the command, its arguments and options are there and valid; why others are not run is known."""
    for words in each.commands:
        assert words[0] in OTHERS or words[0] == "twbot"
        if words[0] == "make":
            assert re.search(rf"^{words[1]}:", (ROOT / "Makefile").read_text(), re.MULTILINE)
        if "--file" in words:
            assert (ROOT / words[words.index("--file") + 1]).is_file()
    for arguments in filter(None, each.ours):
        parse(arguments)


def backed_up(desk: Stand) -> None:
    Path("monday.tar.gz").unlink()
    desk.backup()


# What a line names, and what stands for it here.
MEANS: dict[str, Callable[[Stand], str]] = {
    "POST_ID": Stand.post,
    "/mnt/backups/monday.tar.gz": lambda _: "tuesday.tar.gz",
}


def unanswered(desk: Stand) -> None:
    """A post whose reply was withheld."""
    desk.answer("replies", "pause")
    desk.post()
    desk.answer("replies", "resume")


# What has to be done before.
BEFORE: dict[str, Callable[[Stand], object]] = {
    "twbot init": Stand.no_settings,
    "twbot alerts test": Stand.subscriber,
    "twbot restore": backed_up,
    "twbot replay --since 3h --type MESSAGE_RECEIVED --with-replies": unanswered,
}
NOBODY_TYPES = (Exit.USAGE, "nobody is there to type it")
# Those that end otherwise here, and what they say.
ENDS = {
    # On a terminal it asks.
    "twbot replay --since 3h --type MESSAGE_RECEIVED --with-replies": (Exit.USAGE, "Nobody is there to ask"),
    "twbot secrets set --data live": NOBODY_TYPES,
    "twbot secrets set --stage prod": NOBODY_TYPES,
    "twbot secrets put CRM_TOKEN --stage prod": NOBODY_TYPES,
    "twbot alerts subscribe slack": NOBODY_TYPES,
    "twbot webhook sample https://bot.example.com/twitter": (Exit.CHECK_FAILED, "no host of this name"),
    "twbot webhook sample http://127.0.0.1:8080/twitter --kind mention": (Exit.CHECK_FAILED, "nobody listens there"),
    "twbot webhook register --stage prod": (Exit.FAILED, "registered already"),
    "twbot webhook register --url https://bot.example.com/twitter": (Exit.CHECK_FAILED, "Nobody answers there"),
    "twbot restore monday.tar.gz --force": (Exit.FAILED, "twbot down"),
}


@pytest.fixture
def desk(
    request: pytest.FixtureRequest, world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Stand]:
    """Subscribers of alerts are not for the bot that other tests use."""
    home = tmp_path / "data" if "twbot alerts" in request.node.name else world.home.folder
    with at_a_desk(world, home, tmp_path, monkeypatch) as stand:
        yield stand


@pytest.mark.parametrize("line", RUN)
def test_it_runs(line: str, desk: Stand, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """To the end, and ends as the page says; in a world where nothing but this machine answers."""
    make_files(Path())
    for begin, prepare in BEFORE.items():
        if line.startswith(begin):
            prepare(desk)
    for name, stand_in in MEANS.items():
        line = line.replace(name, stand_in(desk)) if name in line else line
    code, said = ENDS.get(line, (Exit.DONE, ""))
    if "--watch" in line:
        monkeypatch.setattr("time.sleep", interrupted)
    if set(line) & set("&|"):
        ended, output = in_a_shell(line, desk)
    else:
        capfd.readouterr()
        try:
            ended = run(shlex.split(line)[1:])
        except SystemExit as ending:  # --help
            ended = int(ending.code or 0)
        output = "".join(capfd.readouterr())
    if not ("--stage" in line and NOT_THERE in output):
        assert ended == code, output
        assert said in output
