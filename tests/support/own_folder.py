"""The folder of a bot with every kind of thing of its own."""

from __future__ import annotations

import re
from pathlib import Path

from tests.support.paths import ROOT

# The code of the page for other teams.
(SHOWN,) = re.findall(r"```python\n(.*?)```", (ROOT / "docs/for-other-teams.md").read_text("utf-8"), re.DOTALL)
TOML = """\
[bot]
languages = ["en"]

[[rules]]
name = "crm-angry"
when = { detail = { Analysis = { SentimentScore = { Negative = [{ numeric = [">", 0.9] }] } } } }
run = "bot.crm:ticket"
secrets = ["CRM_TOKEN"]
packages = ["h11"]
memory = 640
timeout = 45
allow = [{ actions = ["dynamodb:PutItem"], resources = ["arn:aws:dynamodb:*:*:table/tickets"] }]

[[rules]]
name = "all-again"
when = { detail-type = ["MESSAGE_RECEIVED"] }
run = "bot.crm:ticket"
packages = []
replays = true

[[rules]]
name = "hook"
when = { detail-type = ["TWEET_SENT"] }
to = "https://example.com/hook"
secrets = ["HOOK_KEY"]

[[rules]]
name = "queue"
when = { detail-type = ["TWEET_SENT"] }
to = "arn:aws:sqs:eu-west-1:210987654321:orders.fifo"

[[rules]]
name = "topic"
when = { detail-type = ["TWEET_SENT"] }
to = "arn:aws:sns:eu-west-1:210987654321:orders"

[[rules]]
name = "function"
when = { detail-type = ["TWEET_SENT"] }
to = "arn:aws:lambda:eu-west-1:123456789012:function:orders"

[[rules]]
name = "bus"
when = { detail-type = ["TWEET_SENT"] }
to = "arn:aws:events:eu-west-1:210987654321:event-bus/orders"

[answers]
texts = ["bot.orders:status", "bot.orders:other"]
images = ["bot.orders:picture"]
secrets = ["ORDERS_TOKEN"]
memory = 2048
timeout = 20

[[steps]]
name = "Toxicity"
of = "text"
run = "bot.toxic:score"
timeout = 12

[[steps]]
name = "Style"
of = "image"
run = "bot.toxic:style"

[stages.test.aws]
region = "eu-west-1"
account = "123456789012"
extra = "infra.stack:add"
"""
FILES = {
    "twbot.toml": TOML,
    "requirements.txt": "h11\nidna  # for nobody but everybody\n",
    "bot/crm.py": """\
import h11
from twbot.bot import Bot, Event
from . import words


def ticket(event: Event, bot: Bot) -> None:
    print("the token is", bot.secret("CRM_TOKEN"))
    bot.log.info("a ticket for %s", event.detail["Author"])
    bot.publish("TICKET_OPENED", {"By": event.detail["Author"], "With": " ".join(words.WORDS), "Over": h11.__name__})
""",
    "bot/words.py": """\
import json
import pathlib

WORDS = json.loads(pathlib.Path(__file__).with_name("words.json").read_text())
""",
    "bot/words.json": '["hot", "cold"]',
    "bot/orders.py": """\
def status(event, bot):
    return None


other = picture = status
""",
    "bot/toxic.py": """\
def score(event, bot):
    if "raise" in event.detail["Text"]:
        raise ValueError("no score")
    return {"score": 0.5, "image": event.detail.get("Image")}


style = score
""",
    "bot/events.toml": '[TICKET_OPENED]\nBy = "text"\nWith = "text"\nOver = "text"\n',
    "bot/people/Ada Lovelace/1.jpg": "jpeg",
    "bot/queries/mine.sql": "select 1",
    "bot/tests/test_crm.py": "",
    "bot/.env": "SECRET=1",
    "infra/shown.py": SHOWN,
    "infra/stack.py": """\
from aws_cdk import CfnOutput

from infra.shown import add as add_shown


def add(scope, stage, twbot):
    add_shown(scope, stage, twbot)
    stack = scope.node.find_child("Coffee")
    CfnOutput(stack, "Lake", value=twbot.lake.bucket.bucket_arn)
    CfnOutput(stack, "Table", value=f"{twbot.lake.database}.{twbot.lake.table}")
    CfnOutput(stack, "Media", value=twbot.media.bucket_arn)
    CfnOutput(stack, "Alerts", value=twbot.alerts.topic_arn)
""",
}


def write_own_folder(folder: Path, files: dict[str, str] | None = None) -> Path:
    """Write the folder and return it. `files`: other contents of some files."""
    for name, content in {**FILES, **(files or {})}.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(content)
    return folder
