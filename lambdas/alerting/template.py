"""The words of an alert, as email, SMS and plain https have them."""

from __future__ import annotations

from twbot.lambdas.alerting.truncation import one_line, size, truncate
from twbot.lambdas.contracts import MessageAnalysed
from twbot.lambdas.wording import say

# UTF-16 units of an SMS that SNS still sends: https://docs.aws.amazon.com/sns/latest/dg/sms_sms-to-phone.html
MAX_SMS_LENGTH, MAX_TEXT_LENGTH = 1600, 1400
MAX_NAME_LENGTH = 64


def is_negative(message: MessageAnalysed) -> bool:
    """Return whether the message is negative. [alerts] of the bot's folder may ask for others, too."""
    return message.analysis.text_sentiment == "NEGATIVE"


def subject(message: MessageAnalysed) -> str:
    """Return the subject of the alert, in the bot's first language."""
    return one_line(say("alert-negative-subject" if is_negative(message) else "alert-subject"))


def body(message: MessageAnalysed, time: str) -> str:
    """Return the text of the alert about a message that was analysed at `time`, in ISO 8601."""
    values: dict[str, object] = {
        "author": shown_author(author_of(message)),
        "time": time,
        "link": f"https://x.com/i/status/{message.twitter.chain}",
    }
    name = "alert"
    if is_negative(message):
        name, values["sure"] = "alert-negative", (message.analysis.sentiment_score or {}).get("Negative", "")
    room = MAX_SMS_LENGTH - size(say(name, text="", **values))
    return say(name, text=truncate(message.text, max(1, min(MAX_TEXT_LENGTH, room))), **values)


def author_of(message: MessageAnalysed) -> str:
    """Return the username of the author; "user 123" where X named only the id."""
    named = message.author != message.twitter.user_id
    return message.author if named else f"user {message.author}"


def shown_author(author: str) -> str:
    """Return what people are shown of what `author_of` returns: "@alice", or "user 123"."""
    # No username has a space: https://help.x.com/en/managing-your-account/x-username-rules
    known = truncate(one_line(author), MAX_NAME_LENGTH)
    return known if known.startswith("user ") else f"@{known}"
