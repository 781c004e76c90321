"""Examples of the names in twbot.bot, for docs/reference.md. A test runs each with an event and a bot."""

EXAMPLES = {
    "AnalysedImage": """
def keys(event: Event, bot: Bot) -> None:
    for image in event.record.analysis.images:  # AnalysedImage, in the order of the post
        bot.log.info("picture %s: %s", image.key, image.problem or "usable")
""",
    "Analysis": """
def mood(event: Event, bot: Bot) -> str | None:
    analysis = event.record.analysis  # Analysis
    return "I'm sorry to hear that." if analysis.text_sentiment == "NEGATIVE" else None
""",
    "AnalysisFailed": """
def note_failure(event: Event, bot: Bot) -> None:  # when = { detail-type = ["ANALYSIS_FAILED"] }
    if event.detail_type == "ANALYSIS_FAILED":
        bot.log.warning("%s: %s", event.record.error, event.record.cause)
""",
    "Bot": """
def count(event: Event, bot: Bot) -> None:
    day = event.time[:10]
    if bot.add(f"messages:{day}", 1) == 100:
        bot.publish("BUSY_DAY", {"day": day}, once=day)
""",
    "Event": """
def greet(event: Event, bot: Bot) -> str | None:
    return f"Hello {event.detail['Author']}!" if event.detail["Text"].startswith("hello") else None
""",
    "ImageAnalysis": """
def labels(event: Event, bot: Bot) -> None:
    for image in event.record.analysis.images:
        found = image.analysis  # ImageAnalysis
        bot.log.info("it shows %s", [label["Name"] for label in found.labels])
""",
    "MessageAnalysed": """
def author(event: Event, bot: Bot) -> None:
    message = event.record
    assert isinstance(message, MessageAnalysed)
    bot.log.info("%s has %s followers", message.author, message.followers)
""",
    "MessageReceived": """
def received(event: Event, bot: Bot) -> None:  # when = { detail-type = ["MESSAGE_RECEIVED"] }
    if isinstance(event.record, MessageReceived):
        bot.log.info("%s wrote: %s", event.record.author, event.record.text)
""",
    "Permanent": """
def ticket(event: Event, bot: Bot) -> None:
    if not event.detail["Text"]:
        raise Permanent("there is nothing to put into a ticket")  # a dead letter at once
""",
    "PostIncomplete": """
def incomplete(event: Event, bot: Bot) -> None:  # when = { detail-type = ["POST_INCOMPLETE"] }
    if isinstance(event.record, PostIncomplete):
        bot.log.info("X left out %s", ", ".join(event.record.missing))
""",
    "ReplyImage": """
def send_back(event: Event, bot: Bot) -> None:
    images = [image for image in event.record.analysis.images if image.key]
    bot.reply(event, "Here it is.", [ReplyImage(key=image.key, alt_text="Your picture") for image in images])
""",
    "SendTweet": """
def about_to_reply(event: Event, bot: Bot) -> None:  # when = { detail-type = ["SEND_TWEET"] }
    if isinstance(event.record, SendTweet):
        bot.log.info("a reply to %s: %s", event.record.reply_to_tweet_id, event.record.text)
""",
    "Temporary": """
def look_up(event: Event, bot: Bot) -> None:
    if bot.settings.get("shop_is_closed"):
        raise Temporary("the shop does not answer")  # the event is tried again
""",
    "TweetFailed": """
def failed(event: Event, bot: Bot) -> None:  # when = { detail-type = ["TWEET_FAILED"] }
    if isinstance(event.record, TweetFailed):
        bot.log.error("%s: %s", event.record.reason, event.record.explanation)
""",
    "TweetSent": """
def sent(event: Event, bot: Bot) -> None:  # when = { detail-type = ["TWEET_SENT"] }
    if isinstance(event.record, TweetSent):
        bot.log.info("https://x.com/i/status/%s", event.record.tweet_id)
""",
    "TweetWithheld": """
def withheld(event: Event, bot: Bot) -> None:  # when = { detail-type = ["TWEET_WITHHELD"] }
    if isinstance(event.record, TweetWithheld):
        bot.log.info("not posted: %s", event.record.explanation)
""",
    "Twitter": """
def remember(event: Event, bot: Bot) -> None:
    post = event.record.twitter  # Twitter: ids are texts of digits
    bot.publish("SEEN", {"post": post.tweet_id, "user": post.user_id}, once=post.tweet_id)
""",
}
