"""What the generated pages say of events, beyond what the contracts say themselves. Tests find one without prose."""

EVENTS = {
    "POST_INCOMPLETE": """ X told of a post, but left out something that an answer needs: the author's name,
photos, a long text, or whom it mentions. X is asked once, and what it says becomes the `MESSAGE_RECEIVED`. Where X
can't be asked, the post goes on with what is known.
""",
    "MESSAGE_RECEIVED": """
Somebody wrote to the bot or about it: a post, a reply or a quote. This is where an integration of yours begins when
it needs no analysis. It is the same whichever generation of X's payload brought it. A second one of the same post
comes only where X told more later; `Completes` names what is new.
""",
    "MESSAGE_ANALYSED": """
A message, and what was understood of it. Alerts, answers and most rules of one's own begin here: `[[rules]]`
without a `detail-type` are about it. The shapes below `Analysis` are those of Comprehend and Rekognition, on one
machine, too. What a detector could not tell is absent, and never a guess.
""",
    "SEND_TWEET": """
The order to reply to a post, which `bot.reply` gives. Whether it is posted the operator's limits decide: one of
`TWEET_SENT`, `TWEET_FAILED` and `TWEET_WITHHELD` follows. A post is answered once, whoever orders it.
""",
    "TWEET_SENT": """
The reply is on X. It is published once for each answered post, so counting these counts replies.
""",
    "TWEET_FAILED": """
X refused the reply for good, with a reason: the post was deleted, say, or its author blocked the bot. What may pass
is tried again for hours, and is a dead letter after that.
""",
    "TWEET_WITHHELD": """
The reply was not posted because the operator does not allow it: the bot is paused, a limit is reached, or the
author opted out. `twbot replies status` says which; `twbot replies resume` says what answers it later.
""",
    "ANALYSIS_FAILED": """
Not one detector could say anything about the message, which is rare: one that fails costs its own field only. It
holds the `MESSAGE_RECEIVED`, which `twbot replay` delivers again.
""",
}
EVENTS = {name: " ".join(text.split()) for name, text in EVENTS.items()}

RAW_EVENTS = {
    "TWITTER_TWEETED": "A post, a reply, a quote or a repost by or about the account.",
    "TWITTER_FAVOURITED": "A like.",
    "TWITTER_FOLLOWED": "Somebody follows the account, or it follows somebody.",
    "TWITTER_UNFOLLOWED": "The account follows somebody no longer.",
    "TWITTER_BLOCKED": "The account blocks somebody.",
    "TWITTER_UNBLOCKED": "The account blocks somebody no longer.",
    "TWITTER_MUTED": "The account mutes somebody.",
    "TWITTER_UNMUTED": "The account mutes somebody no longer.",
    "TWITTER_PERMISSION_REVOKED": "The account took its permission from the app: nothing can be posted any more.",
    "TWITTER_DM_RECEIVED": "A direct message.",
    "TWITTER_DM_TYPING": "Somebody types a direct message.",
    "TWITTER_DM_MARKED_READ": "A direct message was read.",
    "TWITTER_DELETED": "A post was deleted. `twbot forget` removes it here, too.",
    "TWITTER_REPLAY_COMPLETED": "X has sent again what `twbot replay from-x` asked for.",
    "TWITTER_OTHER": "What X signed and twbot does not know, or could not read; `Problem` says which.",
}
