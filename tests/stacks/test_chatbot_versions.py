"""The chatbot on Lex is what the alias's version says, not what the draft does."""

from __future__ import annotations

import json
import os
import subprocess
import sys

SCRIPT = """
import json, pathlib
from twbot.stacks.node import put_node_on_path
put_node_on_path()
from aws_cdk import App, Stack, assertions, aws_lambda
from twbot.lambdas.folder.folder import SHIPPED, read_folder
from twbot.stacks.constructs import chatbot
from twbot.stacks.config import load_stage

def version(threshold):
    chatbot.CONFIDENCE_THRESHOLD = threshold
    stack = Stack(App(), "Stack")
    hook = aws_lambda.Function.from_function_name(stack, "Hook", "hook")
    stage = load_stage("prod", pathlib.Path("none.toml"), twitter_account_id="999999")
    chatbot.Chatbot(stack, "Chatbot", stage, read_folder(SHIPPED), fulfilment=hook)
    (name,) = assertions.Template.from_stack(stack).find_resources("AWS::Lex::BotVersion")
    return name

print(json.dumps([version(0.4), version(0.4), version(0.5)]))
"""


def test_what_changes_the_bot_makes_a_new_version() -> None:
    """However it changes; and what changes nothing makes none."""
    path = os.pathsep.join(sys.path)
    command = [sys.executable, "-c", SCRIPT]
    said = subprocess.run(command, env=os.environ | {"PYTHONPATH": path}, capture_output=True, check=True, text=True)
    first, again, changed = json.loads(said.stdout)
    assert first == again != changed
