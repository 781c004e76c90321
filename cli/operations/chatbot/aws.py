"""The chatbot of a stage on AWS: Lex V2, called as the bot calls it."""

from __future__ import annotations

from typing import Any

from twbot.cli.operations.aws_stage import AwsBot


class AwsChatbot:
    """A Chatbot of lambdas.ports. Raises AwsError, NotDeployed."""

    def __init__(self, bot: AwsBot) -> None:
        self._bot = bot

    def recognize_text(self, *, text: str, session_id: str) -> dict[str, Any]:
        outputs = {"botId": "BotId", "botAliasId": "BotAliasId", "localeId": "LocaleId"}
        ids = {name: self._bot.output("responding", output) for name, output in outputs.items()}
        with self._bot.translate_errors():
            lex = self._bot.client("lexv2-runtime")
            return dict(lex.recognize_text(**ids, sessionId=session_id, text=text))
