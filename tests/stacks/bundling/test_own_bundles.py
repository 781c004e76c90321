"""The bundles of a bot's folder, each run where there is nothing but the bundle and what Lambda's runtime brings."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.support.bundles import AWS_OF_TESTS, FUNCTION, Bundles
from tests.support.own_folder import write_own_folder
from twbot.lambdas.errors import TwbotError
from twbot.lambdas.folder.folder import COMPILED, VARIABLE, BotFolder
from twbot.stacks.bundling import own_code
from twbot.stacks.bundling.bundle import INSTALLED, contents
from twbot.stacks.functions import functions

EVENT = {
    "id": "1",
    "source": "BOT",
    "detail-type": "MESSAGE_ANALYSED",
    "time": "2026-11-23T23:00:00Z",
    "detail": {
        "Text": "Hi",
        "Author": "ada",
        "Summoned": True,
        "Twitter": {"TweetId": "7", "UserId": "8"},
        "Analysis": {},
    },
}
# AWS, as far as the functions ask it. botocore itself calls nobody.
STUB = """
import botocore.client, json, sys
calls = []
def call(self, operation, parameters):
    calls.append([operation, parameters])
    if operation == "GetSecretValue":
        return {"SecretString": "tOkEn-4711"}
    return {"FailedEntryCount": 0, "Entries": [{"EventId": "1"}]}
botocore.client.BaseClient._make_api_call = call
class Context:
    function_name = memory_limit_in_mb = invoked_function_arn = "tested"
    aws_request_id = "1"
    def get_remaining_time_in_millis(self):
        return 30_000
from twbot.lambdas.aws.handlers.own import handler
answers = []
for event in json.load(sys.stdin):
    try:
        answers.append(handler(event, Context()))
    except Exception as error:
        answers.append([type(error).__name__, str(error)])
sys.stderr.flush()
print("ANSWERS" + json.dumps([answers, calls]))
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("own")
    write_own_folder(folder / "bot")
    return folder


@pytest.fixture
def own(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Bundles:
    """Bundles of the folder. They are of these tests alone: others' are of the bot that is shipped."""
    monkeypatch.setenv(VARIABLE, str(folder / "bot"))
    return Bundles(folder / "bundles")


def run(bundles: Bundles, name: str, event: Any, **variables: str) -> tuple[Any, list[Any], str]:
    """The handler's answer or error, the calls of AWS, and the log."""
    environment = {
        **AWS_OF_TESTS,
        **FUNCTION,
        "STAGE": "test",
        "BUS_NAME": "bus",
        "SEEN_TABLE": "seen",
        "MEDIA_BUCKET": "media",
        VARIABLE: str(bundles.unpacked(name)),
        **variables,
    }
    written = bundles.python(name, STUB, stdin=msgspec.json.encode([event]).decode(), environment=environment)
    log, _, answers = written.partition("ANSWERS")
    (found,), calls = msgspec.json.decode(answers.splitlines()[0])
    return found, calls, log + answers.partition("\n")[2]


def test_a_rule_runs_from_its_bundle_alone(own: Bundles) -> None:
    """With its modules, data and packages: it publishes; its secret is read, and is in no log though it prints it."""
    answer, calls, log = run(own, "own-crm-angry", EVENT, OWN_RULE="crm-angry")
    assert answer is None
    (published,) = (call for operation, call in calls if operation == "PutEvents")
    entry = published["Entries"][0]
    assert entry["DetailType"] == "TICKET_OPENED"
    assert msgspec.json.decode(entry["Detail"]) == {"By": "ada", "With": "hot cold", "Over": "h11"}
    assert ["GetSecretValue", {"SecretId": "twbot/test/CRM_TOKEN"}] in calls
    assert "tOkEn-4711" not in log
    assert "the token is ***" in log
    assert "a ticket for ada" in log


def test_a_step_answers_from_its_bundle_alone(own: Bundles) -> None:
    """What it returns is what the workflow gets; what it raises is in the log with its traceback."""
    payload = {"Event": EVENT, "Image": {"Key": "7/a.jpg"}}
    answer, _, _ = run(own, "step-Toxicity", payload, OWN_STEP="Toxicity")
    assert answer == {"score": 0.5, "image": {"Key": "7/a.jpg"}}
    raising = {"Event": {**EVENT, "detail": {"Text": "raise"}}}
    answer, _, log = run(own, "step-Toxicity", raising, OWN_STEP="Toxicity")
    assert answer == ["FunctionFailed", "bot.toxic:score: ValueError: no score"]
    assert "toxic.py" in log
    assert "raise ValueError" in log


def test_a_bundle_holds_the_code_of_the_folder_and_nothing_else_of_it(own: Bundles) -> None:
    """No photos of people, queries, tests or hidden files; the tables compiled into one file."""
    files = {
        path.relative_to(own.unpacked("own-crm-angry")).as_posix() for path in own.unpacked("own-crm-angry").rglob("*")
    }
    of_folder = {name for name in files if name.startswith(("bot", "infra", "requirements"))}
    assert of_folder == {"bot"} | {
        f"bot/{name}" for name in ("crm.py", "events.toml", "words.py", "words.json", "orders.py", "toxic.py")
    }
    compiled = (own.unpacked("own-crm-angry") / COMPILED).read_bytes()
    assert msgspec.json.decode(compiled, type=BotFolder).rules[0].name == "crm-angry"


def test_a_bundle_holds_the_packages_that_its_function_names(own: Bundles) -> None:
    """A rule's `packages`, or all of requirements.txt."""
    tops = {
        name: {file.partition("/")[0] for file in contents(functions()[name], INSTALLED)}
        for name in ("own-crm-angry", "own-all-again", "text", "own-hook")
    }
    assert "h11" in tops["own-crm-angry"]
    assert "h11" not in tops["own-all-again"]
    assert {"h11", "idna"} <= tops["text"]
    assert "h11" not in tops["own-hook"]


@pytest.mark.parametrize("name", ["text", "image"])
def test_answers_are_in_the_bundles_of_the_functions_that_answer(own: Bundles, name: str) -> None:
    """They import there."""
    own.python(
        name, "import bot.orders; bot.orders.status(None, None)", environment={"POWERTOOLS_SERVICE_NAME": "tested"}
    )


def test_without_a_lock_no_bundle_is_made(own: Bundles) -> None:
    """What is deployed is what was locked: the error says what to do."""
    with pytest.raises(TwbotError, match="not locked") as refused:
        contents(functions()["own-crm-angry"], "wheels")
    assert "twbot lock" in str(refused.value.hint)


def test_what_the_functions_import_comes_along(tmp_path: Path) -> None:
    """As they can import it on this machine: modules beside bot/, and what those import; nothing else."""
    files = {
        "bot/crm.py": "from helpers.text import words\nimport json, twbot.bot\n\ndef later():\n    import lazy\n",
        "helpers/text.py": "import deeper.still\nfrom . import near\n",
        "helpers/near.py": "",
        "deeper/still.py": "import bot.crm",
        "lazy.py": "not Python",
        "unused.py": "",
        "near.py": "",
    }
    found = own_code.files(write_own_folder(tmp_path, files), ["bot.crm:ticket"])
    assert {name for name in found if not name.startswith("bot/")} == {
        "helpers/text.py",
        "helpers/near.py",
        "deeper/still.py",
        "lazy.py",
    }


def test_a_function_may_be_in_another_module_of_the_folder(tmp_path: Path) -> None:
    """The whole package that it is in comes along."""
    write_own_folder(
        tmp_path, {"support/crm.py": "", "support/words.txt": "", "alone.py": "", "support/tests/x.py": ""}
    )
    found = own_code.files(tmp_path, ["support.crm:ticket", "alone:ticket", "twbot.llm:answer"])
    assert {name for name in found if not name.startswith("bot/")} == {
        "support/crm.py",
        "support/words.txt",
        "alone.py",
    }
