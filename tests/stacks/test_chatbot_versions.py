"""The chatbot on Lex: a locale for each language, and what the alias's version says, not what the draft does."""

from __future__ import annotations

import functools
import json
import os
import subprocess
import sys
from typing import Any

SCRIPT = """
import json, pathlib
import msgspec
from twbot.stacks.node import put_node_on_path
put_node_on_path()
from aws_cdk import App, Stack, assertions, aws_lambda
from twbot.lambdas.errors import TwbotError
from twbot.lambdas.folder.folder import SHIPPED, read_folder
from twbot.lambdas.folder.records import ChatbotFile
from twbot.stacks.constructs import chatbot
from twbot.stacks.config import load_stage

def bot(folder, threshold=0.4):
    chatbot.CONFIDENCE_THRESHOLD = threshold
    stack = Stack(App(), "Stack")
    hook = aws_lambda.Function.from_function_name(stack, "Hook", "hook")
    stage = load_stage("prod", pathlib.Path("none.toml"), twitter_account_id="999999")
    chatbot.Chatbot(stack, "Chatbot", stage, folder, fulfilment=hook)
    return assertions.Template.from_stack(stack).to_json()["Resources"]

def version(resources):
    (name,) = [name for name, each in resources.items() if each["Type"] == "AWS::Lex::BotVersion"]
    return name

shipped = read_folder(SHIPPED)
german = msgspec.convert(
    {
        "intents": [{
            "name": "Hours",
            "utterances": ["Wann habt ihr auf?", "wann habt ihr auf", "Öffnungszeiten (heute)"],
            "replies": ["1", "2", "3", "4", "x" * 2000],
        }],
        "fallback": {"replies": ["Wie bitte?"]},
    },
    ChatbotFile,
)
silent = msgspec.structs.replace(german, intents=[])
two = {"languages": ["de", "en"], "chatbots": {"de": german, "en": silent}}
both = bot(msgspec.structs.replace(shipped, **two))
try:
    bot(msgspec.structs.replace(shipped, languages=["ru"], chatbots={"ru": german}))
except TwbotError as error:
    refused = str(error)
print(json.dumps({
    "versions": [version(bot(shipped)), version(bot(shipped)), version(bot(shipped, 0.5))],
    "both": both,
    "refused": refused,
}))
"""


@functools.cache
def made() -> dict[str, Any]:
    path = os.pathsep.join(sys.path)
    command = [sys.executable, "-c", SCRIPT]
    said = subprocess.run(command, env=os.environ | {"PYTHONPATH": path}, capture_output=True, check=True, text=True)
    found: dict[str, Any] = json.loads(said.stdout)
    return found


def properties(kind: str) -> dict[str, Any]:
    (only,) = [each["Properties"] for each in made()["both"].values() if each["Type"] == f"AWS::Lex::{kind}"]
    return dict(only)


def test_what_changes_the_bot_makes_a_new_version() -> None:
    """However it changes; and what changes nothing makes none."""
    first, again, changed = made()["versions"]
    assert first == again != changed


def test_each_language_has_a_locale() -> None:
    """In the bot, its version and the alias, where the fulfilment function belongs to it."""
    assert [each["LocaleId"] for each in properties("Bot")["BotLocales"]] == ["de_DE", "en_US"]
    version = properties("BotVersion")["BotVersionLocaleSpecification"]
    assert [each["LocaleId"] for each in version] == ["de_DE", "en_US"]
    alias = {
        each["LocaleId"]: each["BotAliasLocaleSetting"] for each in properties("BotAlias")["BotAliasLocaleSettings"]
    }
    assert alias.keys() == {"de_DE", "en_US"}
    assert all(each["CodeHookSpecification"]["LambdaCodeHook"] for each in alias.values())


def test_lex_gets_what_it_takes() -> None:
    """Utterances without what it knows no use for, each once; three replies, none too long."""
    intents = {each["Name"]: each for each in properties("Bot")["BotLocales"][0]["Intents"]}
    utterances = [each["Utterance"] for each in intents["Hours"]["SampleUtterances"]]
    assert utterances == ["Wann habt ihr auf", "Öffnungszeiten heute"]
    (group,) = intents["Hours"]["IntentClosingSetting"]["ClosingResponse"]["MessageGroupsList"]
    assert [each["PlainTextMessage"]["Value"] for each in (group["Message"], *group["Variations"])] == ["1", "2", "3"]


def test_a_chatbot_without_intents_can_be_built() -> None:
    """Lex builds no locale without one: it gets an intent that the bot never asks for."""
    assert [each["Name"] for each in properties("Bot")["BotLocales"][1]["Intents"]] == ["Nothing", "FallbackIntent"]


def test_a_language_that_lex_lacks_is_refused() -> None:
    """With what to do instead."""
    assert "Lex has no language ru" in made()["refused"]
    assert "[answers]" in made()["refused"]
