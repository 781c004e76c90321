"""The recipes of CONTRIBUTING.md: what they name is there, following them works, and a step left out is found."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.stacks import test_templates_say_what_is_declared as templates_tests
from tests.support.paths import ROOT
from tests.support.templates import Templates
from twbot.lambdas.wiring import RULES, Rule

PAGE = (ROOT / "CONTRIBUTING.md").read_text()
RECIPES = {part.partition("\n")[0]: part.partition("\n")[2].strip() for part in PAGE.split("\n## ")[1:]}
MOST_LINES = 15
STEPS = [
    pytest.param(line, id=f"{name}, {line[:40]}")
    for name, recipe in RECIPES.items()
    if name.startswith("Add ")
    for line in recipe.splitlines()
    if "`" in line
]


class Edit(NamedTuple):
    """In the file, `new` stands for `old`. Without `old` the file is new."""

    path: str
    old: str
    new: str


def after(path: str, anchor: str, text: str) -> Edit:
    return Edit(path, anchor, anchor + text)


def before(path: str, anchor: str, text: str) -> Edit:
    return Edit(path, anchor, text + anchor)


class Recipe(NamedTuple):
    """`begun`: its first steps alone; `finished`: the others. `found_by`: the tests that fail in between."""

    begun: list[Edit]
    finished: list[Edit]
    found_by: set[str]


TABLE = "tests/lambdas/analytics/test_table.py"
CONTRACTS = "tests/contracts/test_event_contracts.py"
STATE_MACHINE = "tests/stacks/test_state_machine.py"
EXAMPLES = "tests/cli/commands/test_examples.py"
# Neither examples that run commands nor properties that no recipe touches.
WORTHWHILE = "not (runs or example or nonsense or every_way) or has_an_example"

CAT_SEEN = {
    "id": "ad26b080-2655-4c50-be9b-3f47ef0e2363",
    "source": "BOT",
    "time": "2026-11-23T06:40:07.667Z",
    "detail": {"Twitter": {"TweetId": "2124754852234919937", "UserId": "2"}, "CatName": "Ada"},
    "detail-type": "CAT_SEEN",
}
EVENT = Recipe(
    [
        before(
            "lambdas/contracts.py",
            "DETAILS: dict[",
            'class CatSeen(Record, frozen=True, kw_only=True):\n    """CAT_SEEN: a cat."""\n\n'
            "    twitter: Twitter\n    cat_name: str\n\n\n",
        ),
        after("lambdas/contracts.py", "DETAILS: dict[str, type[Record]] = {\n", '    "CAT_SEEN": CatSeen,\n'),
    ],
    [
        before("lambdas/analytics/table.py", '"ReplayName": "string"', '"CatName": "string",\n    '),
        Edit("tests/contracts/events/CAT_SEEN.json", "", json.dumps(CAT_SEEN)),
        after(CONTRACTS, "GO_TO = {\n", '    "CAT_SEEN": set(),\n'),
        after("docs/prose.py", "EVENTS = {\n", '    "CAT_SEEN": "A cat was seen.",\n'),
        after("lambdas/wiring.py", 'WEBHOOK_PUBLISHES = ("TWITTER_*", ', '"CAT_SEEN", '),
    ],
    {
        f"{TABLE}::test_every_field_of_a_contract_can_be_queried[CAT_SEEN]",
        f"{CONTRACTS}::test_every_detail_type_has_a_recorded_event",
        f"{CONTRACTS}::test_recorded_events_keep_their_schema[CAT_SEEN]",
    },
)
RULE = Recipe(
    [
        after(
            "lambdas/wiring.py",
            "RULES = (\n",
            '    Rule("analytics", "count-replies", {"detail-type": ["TWEET_SENT"]}, "reply-counter", "one"),\n',
        )
    ],
    [
        before(
            "local/bot.py",
            '            "tweet-queue": Handler(',
            '            "reply-counter": Handler(lambda _: self.home.folder.joinpath("counted").touch()),\n',
        ),
        before(
            "cli/cost/counting.py",
            '            "lake": lambda _, encoded',
            '            "reply-counter": lambda *_: self.meter.add("replies_counted"),\n',
        ),
        Edit(CONTRACTS, '"TWEET_SENT": set()', '"TWEET_SENT": {"count-replies"}'),
    ],
    {f"{CONTRACTS}::test_rules_match_what_is_published[TWEET_SENT]"},
)
COMMAND = Recipe(
    [
        Edit(
            "cli/commands/cats.py",
            "",
            '''"""`twbot cats`: the cats."""

from __future__ import annotations

from twbot.cli.operations.target import Target
from twbot.cli.ui.console import as_json, table
from twbot.cli.ui.options import AsJson, targeted


@targeted
def cats(target: Target, json: AsJson = False) -> None:
    """List the cats."""
    if json:
        as_json([{"name": "Ada", "stage": target.stage}])
    else:
        table(["name"], [["Ada"]])
''',
        ),
        Edit("cli/main.py", '"What it understands": (', '"What it understands": ("cats", '),
    ],
    [Edit("cli/commands/cats.py", "List the cats.", "List the cats.\n\n    Example: twbot cats --json\n    ")],
    {f"{EXAMPLES}::test_every_command_has_an_example[twbot cats]"},
)
DETECTOR = Recipe(
    # The workflow is with_a_detector's. Without the models nothing would read it at all.
    [
        after(
            "local/adapters/models.py",
            "        return {\n",
            '            "aws-sdk:rekognition:detectModerationLabels": lambda _: {"ModerationLabels": []},\n',
        ),
        after(
            "tests/support/instant_models.py",
            "        return {\n",
            '            "aws-sdk:rekognition:detectModerationLabels": lambda _: {"ModerationLabels": []},\n',
        ),
        after(
            "cli/cost/recorded.json",
            '"answers": {',
            '"aws-sdk:rekognition:detectModerationLabels": {"ModerationLabels": []}, ',
        ),
        before("lambdas/contracts.py", "    labels: Annotated[list[dict", "    moderation: list[str] = []\n"),
    ],
    [
        Edit("lambdas/analytics/table.py", '"struct<Labels:', '"struct<Moderation:array<string>,Labels:'),
        after("stacks/config.py", "    labels: bool = True\n", "    moderation: bool = False\n"),
        after("stacks/state_machine.py", "STATES = {\n", '    "moderation": "DetectModerationLabels",\n'),
    ],
    {
        f"{TABLE}::test_analysis_has_all_its_fields",
        f"{STATE_MACHINE}::test_what_is_off_neither_found_nor_failed",
    },
)
FOLLOWED = {"event": EVENT, "rule": RULE, "command": COMMAND, "detector": DETECTOR}


def with_a_detector(workflow: str) -> str:
    """The workflow with one more detector of pictures: a branch beside DetectLabels, and its result."""
    definition = json.loads(workflow)
    _, pictures = definition["States"]["Analyse"]["Branches"]
    (each,) = [state for state in pictures["States"].values() if state["Type"] == "Map"]
    states = each["ItemProcessor"]["States"]
    branches = states["LookAtImage"]["Branches"]
    (labels,) = [branch for branch in branches if branch["StartAt"] == "DetectLabels"]
    text = json.dumps(labels).replace("DetectLabels", "DetectModerationLabels")
    text = text.replace("detectLabels", "detectModerationLabels").replace('"MaxLabels": 15, ', "")
    text = text.replace('"Labels', '"Moderation').replace("$.Labels", "$.ModerationLabels")
    branches.append(json.loads(text))
    selector = states["LookAtImage"]["ResultSelector"]
    selector["Found.$"] = f"States.JsonMerge({selector['Found.$']}, $[{len(branches) - 1}].Found, false)"
    return json.dumps(definition, indent=2)


class Checkout:
    """A copy of the checkout in which recipes are followed."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for name in ("cli", "docs", "lambdas", "local", "queries", "stacks", "tests"):
            shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__", "compatibility"))
        shutil.copytree(ROOT / "src", folder / "src", symlinks=True)
        for name in ("app.py", "cdk.json", "pyproject.toml"):
            shutil.copy(ROOT / name, folder)

    def begin(self) -> None:
        """The first step of every recipe."""
        for recipe in FOLLOWED.values():
            self._apply(recipe.begun)
        workflow = self.folder / "lambdas/analysis/workflow.asl.json"
        workflow.write_text(with_a_detector(workflow.read_text()))

    def finish(self) -> None:
        """The other steps."""
        for recipe in FOLLOWED.values():
            self._apply(recipe.finished)
        self.run("-m", "docs.generate")

    def run(self, *arguments: str) -> str:
        done = self._run(*arguments)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def failing(self, *tests: str) -> set[str]:
        """Which of the tests fail."""
        done = self._run("-m", "pytest", "-q", "--tb=no", "-rfE", "-p", "no:cacheprovider", "-k", WORTHWHILE, *tests)
        assert done.returncode in (0, 1), done.stdout + done.stderr
        return set(re.findall(r"^(?:FAILED|ERROR) (\S+?(?:\[.*?\])?)(?: - .*)?$", done.stdout, re.MULTILINE))

    def _apply(self, edits: list[Edit]) -> None:
        for path, old, new in edits:
            file = self.folder / path
            text = file.read_text() if old else ""
            assert old in text, f"{path} has no {old!r}: the recipe is another one now"
            file.write_text(text.replace(old, new, 1) if old else new)

    def _run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")},
            "PYTHONPATH": os.pathsep.join([str(self.folder / "src"), str(self.folder)]),
            "COLUMNS": "300",
        }
        command = [sys.executable, *arguments]
        return subprocess.run(command, cwd=self.folder, env=environment, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def begun(tmp_path_factory: pytest.TempPathFactory) -> Checkout:
    """Somebody followed each recipe's first step."""
    checkout = Checkout(tmp_path_factory.mktemp("begun"))
    checkout.begin()
    return checkout


@pytest.fixture(scope="module")
def followed(tmp_path_factory: pytest.TempPathFactory) -> Checkout:
    """Somebody followed each recipe to its end."""
    checkout = Checkout(tmp_path_factory.mktemp("followed"))
    checkout.begin()
    checkout.finish()
    return checkout


@pytest.mark.parametrize("name", [name for name in RECIPES if name.startswith("Add ")])
def test_a_recipe_is_short(name: str) -> None:
    """It fits on a screen."""
    assert len(RECIPES[name].splitlines()) <= MOST_LINES


@pytest.mark.parametrize("line", STEPS)
def test_what_a_step_names_is_there(line: str) -> None:
    """Each path exists, each name stands in a file of its line, each target is in the Makefile."""
    quoted = re.findall(r"`([^`]+)`", line)
    paths = [ROOT / each for each in quoted if "/" in each]
    assert not [str(path) for path in paths if not path.exists()]
    files = [path for path in paths if path.is_file()] or [file for path in paths for file in path.rglob("*.py")]
    texts = [file.read_text() for file in files] or [(ROOT / "cli/ui/options.py").read_text(), "Example:"]
    for name in quoted:
        if name.startswith("make "):
            assert re.search(rf"^{name[5:]}:", (ROOT / "Makefile").read_text(), re.MULTILINE)
        elif "/" not in name:
            assert any(re.search(rf"(?<!\w){re.escape(name.lstrip('@'))}", text) for text in texts), name


def test_a_step_left_out_is_found(begun: Checkout) -> None:
    """Each recipe names tests: they fail where only its first step was done."""
    tests = set().union(*(recipe.found_by for recipe in FOLLOWED.values()))
    assert begun.failing(*sorted(tests)) == tests


def test_recipes_that_are_followed_pass(followed: Checkout) -> None:
    """And nothing fails where all steps were done."""
    assert not followed.failing(TABLE, CONTRACTS, STATE_MACHINE, EXAMPLES)


def test_an_event_has_its_schema(followed: Checkout) -> None:
    """Generated from the record; the event is one that `twbot tail --type` and the metrics know."""
    schema = json.loads((followed.folder / "docs/schemas/CAT_SEEN.json").read_text())
    assert schema["$defs"]["CatSeen"]["required"] == ["Twitter", "CatName"]
    types = followed.run("-c", "from twbot.stacks.names import EVENT_TYPES; print(*EVENT_TYPES)")
    assert "CAT_SEEN" in types.split()
    assert "CAT_SEEN" in followed.run("-m", "twbot", "rules", "diagram")


RUN_THE_BOT = """
import sys, time
from pathlib import Path
from tests.support.instant_models import Instant
from twbot.lambdas.contracts import Entry
from twbot.lambdas.settings import Settings
from twbot.local.bot import Bot
from twbot.local.data_folder import DataFolder
home = DataFolder(Path(sys.argv[1]))
bot = Bot(home, Settings(), analysers=Instant)
bot.start()
bot.bus.publish([Entry(source="BOT", detail_type="TWEET_SENT", detail={})])
print(bot.stop(), (home.folder / "counted").exists())
"""


def test_a_rule_is_listed_and_runs(followed: Checkout, tmp_path: Path) -> None:
    """`twbot rules list` shows it, and an event that matches reaches its handler on this machine."""
    rules = json.loads(followed.run("-m", "twbot", "rules", "list", "--json"))
    assert "count-replies" in {rule["name"] for rule in rules}
    assert followed.run("-c", RUN_THE_BOT, str(tmp_path / "data")).split() == ["True", "True"]
    assert "| `count-replies` | analytics |" in (followed.folder / "docs/rules.md").read_text()


def test_a_rule_without_a_handler_stops_the_bot(begun: Checkout, tmp_path: Path) -> None:
    """It does not start to take events in that it would lose."""
    with pytest.raises(AssertionError, match="count-replies"):
        begun.run("-c", RUN_THE_BOT, str(tmp_path / "data"))


def test_a_rule_without_a_target_is_found(prod: Templates, monkeypatch: pytest.MonkeyPatch) -> None:
    """The templates are compared with the declared rules."""
    rule = Rule("analytics", "count-replies", {"detail-type": ["TWEET_SENT"]}, "reply-counter")
    monkeypatch.setattr(templates_tests, "RULES", (*RULES, rule))
    with pytest.raises(AssertionError):
        templates_tests.test_exactly_the_rules_of_the_wiring(prod)


COUNT = """
import json
from twbot.cli.cost.counting import count_message
from twbot.lambdas.settings import Settings
from twbot.stacks.config import AwsConfig, Detectors, StageConfig
stage = StageConfig(name="dev", settings=Settings(), aws=AwsConfig(detectors=Detectors(moderation=True)))
print(json.dumps(count_message(stage, "image")))
"""


def test_rules_and_detectors_are_priced(followed: Checkout) -> None:
    """`twbot cost` counts what an event at a new target does, and each picture that a new detector looks at."""
    counts = json.loads(followed.run("-c", COUNT))
    assert counts["replies_counted"] == 1
    assert counts["calls:DetectModerationLabels"] == 1


def test_a_rule_that_is_not_priced_is_found(begun: Checkout) -> None:
    """Rather than cost nothing."""
    with pytest.raises(AssertionError, match="reply-counter"):
        begun.run("-c", COUNT.replace("Detectors(moderation=True)", "Detectors()"))


def test_a_command_is_there(followed: Checkout) -> None:
    """In the help, in the reference, and as JSON."""
    assert json.loads(followed.run("-m", "twbot", "cats", "--json")) == [{"name": "Ada", "stage": "local"}]
    assert "# twbot cats" in (followed.folder / "docs/commands/cats.md").read_text()
