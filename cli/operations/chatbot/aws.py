"""The chatbot of a stage on AWS: Lex V2, asked as the bot asks it."""

from __future__ import annotations

from typing import Any

from twbot.cli.operations.aws_stage import AwsBot


class AwsChatbot:
    """A Chatbot. Raises AwsProblem, NotDeployed."""

    def __init__(self, bot: AwsBot) -> None:
        self._bot = bot

    def recognize_text(self, *, text: str, session_id: str) -> dict[str, Any]:
        told = {"botId": "BotId", "botAliasId": "BotAliasId", "localeId": "LocaleId"}
        where = {name: self._bot.output("responding", output) for name, output in told.items()}
        with self._bot.translate_errors():
            lex = self._bot.client("lexv2-runtime")
            return dict(lex.recognize_text(**where, sessionId=session_id, text=text))
