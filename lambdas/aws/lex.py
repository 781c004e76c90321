"""The Chatbot on AWS: Lex V2."""

from __future__ import annotations

from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from twbot.lambdas.aws.client_errors import error_code
from twbot.lambdas.errors import Temporary
from twbot.lambdas.log_context import current_tweet
from twbot.lambdas.responding.lex_limits import CALLER_RUNS, locale_of

POST = "TweetId"


class LexChatbot:
    """The Chatbot on AWS. It passes the post's id on to the fulfilment function, for its logs."""

    def __init__(self, client: Any, bot_id: str, alias_id: str) -> None:
        self._client = client
        self._bot = {"botId": bot_id, "botAliasId": alias_id}

    def recognize_text(self, *, text: str, session_id: str, language: str) -> dict[str, Any]:
        """Return Lex's RecognizeText response. Raises Temporary."""
        tweet = current_tweet()
        about = {CALLER_RUNS: "true"} | ({POST: tweet} if tweet else {})
        try:
            answer = self._client.recognize_text(
                **self._bot,
                localeId=locale_of(language),
                sessionId=session_id,
                text=text,
                requestAttributes=about,
            )
        except (ClientError, BotoCoreError) as error:
            raise Temporary(f"The chatbot does not answer: {error_code(error)}.") from None
        return dict(answer)
