"""The words of an alert, as email, SMS and plain https have them."""

from __future__ import annotations

from twbot.lambdas.alerting.truncation import one_line, truncate
from twbot.lambdas.contracts import MessageAnalysed

SUBJECT = "Negative message on X"
# UTF-16 units. With the words around the text it is an SMS that SNS still sends: 1,600 characters.
# https://docs.aws.amazon.com/sns/latest/dg/sms_sms-to-phone.html
MAX_TEXT_LENGTH = 1400
MAX_NAME_LENGTH = 64
TEMPLATE = """\
Negative message from {author} (how sure: {negative}) at {time}:

{text}

https://x.com/i/status/{tweet_id}"""


def body(message: MessageAnalysed, time: str) -> str:
    """Return the text of the alert about a message that was analysed at `time`, in ISO 8601."""
    negative = (message.analysis.sentiment_score or {}).get("Negative", "")
    return TEMPLATE.format(
        author=shown_author(author_of(message)),
        negative=negative,
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
