"""The words of an alert, as email, SMS and plain https have them."""

from __future__ import annotations

from twbot.lambdas.alerting.truncation import one_line, truncate
from twbot.lambdas.contracts import MessageAnalysed

NEGATIVE_SUBJECT, SUBJECT = "Negative message on X", "Message on X"
# UTF-16 units. With the words around the text it is an SMS that SNS still sends: 1,600 characters.
# https://docs.aws.amazon.com/sns/latest/dg/sms_sms-to-phone.html
MAX_TEXT_LENGTH = 1400
MAX_NAME_LENGTH = 64
TEMPLATE = """\
{beginning} at {time}:

{text}

https://x.com/i/status/{tweet_id}"""


def is_negative(message: MessageAnalysed) -> bool:
    """Return whether the message is negative. [alerts] of the bot's folder may ask for others, too."""
    return message.analysis.text_sentiment == "NEGATIVE"


def subject(message: MessageAnalysed) -> str:
    """Return the subject of the alert."""
    return NEGATIVE_SUBJECT if is_negative(message) else SUBJECT


def body(message: MessageAnalysed, time: str) -> str:
    """Return the text of the alert about a message that was analysed at `time`, in ISO 8601."""
    author = shown_author(author_of(message))
    negative = (message.analysis.sentiment_score or {}).get("Negative", "")
    sure = f"Negative message from {author} (how sure: {negative})"
    return TEMPLATE.format(
        beginning=sure if is_negative(message) else f"Message from {author}",
        time=time,
        text=truncate(message.text, MAX_TEXT_LENGTH),
        tweet_id=message.twitter.chain,
    )


def author_of(message: MessageAnalysed) -> str:
    """Return the username of the author; "user 123" where X named only the id."""
    named = message.author != message.twitter.user_id
    return message.author if named else f"user {message.author}"


def shown_author(author: str) -> str:
    """Return what people are shown of what `author_of` returns: "@alice", or "user 123"."""
    # No username has a space: https://help.x.com/en/managing-your-account/x-username-rules
    known = truncate(one_line(author), MAX_NAME_LENGTH)
    return known if known.startswith("user ") else f"@{known}"
