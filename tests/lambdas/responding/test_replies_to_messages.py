"""MESSAGE_ANALYSED that summons the bot becomes one SEND_TWEET: annotated pictures, or the chatbot's words."""

from __future__ import annotations

import io
from typing import Any

import msgspec
import pytest
from PIL import Image

from tests.support.messages_analysed import (
    FACE,
    OBAMA,
    DictMedia,
    RecordingBus,
    ScriptedChatbot,
    analysed,
    image,
)
from twbot.lambdas.contracts import (
    Analysis,
    Event,
    ImageAnalysis,
    SendTweet,
    Twitter,
    read,
)
from twbot.lambdas.folder.folder import SHIPPED, read_folder
from twbot.lambdas.ports import Call, Chatbot
from twbot.lambdas.responding.image import answer_images
from twbot.lambdas.responding.text import answer_text
from twbot.lambdas.responding.utterance import to_utterance
from twbot.lambdas.responding.wording import alt_text, reply_text
from twbot.lambdas.settings import Settings

CHATBOT = read_folder(SHIPPED).chatbot()
STRANGER = ImageAnalysis(unrecognized_faces=[FACE])
SOFA = ImageAnalysis(
    labels=[{"Name": "Cat", "Confidence": 60.0}, {"Name": "Sofa", "Confidence": 90.0}],
    text_detections=[{"Type": "LINE", "DetectedText": "@victim see evil.com"}, {"Type": "WORD", "DetectedText": "see"}],
)


class NoFunctions:
    """A folder without functions."""

    def call(self, call: Call, event: Event) -> Any:
        raise AssertionError(f"{call.run} is called")


def answer_to(event: Event, media: DictMedia | None = None, settings: Settings | None = None) -> RecordingBus:
    bus = RecordingBus()
    answer_images(
        event,
        functions=NoFunctions(),
        media=media or DictMedia("a", "b"),
        publisher=bus,
        settings=settings or Settings(),
    )
    return bus


def said_to(
    event: Event, chatbot: Chatbot, bus: RecordingBus | None = None, settings: Settings | None = None
) -> RecordingBus:
    bus = bus or RecordingBus()
    answer_text(event, chatbot=chatbot, functions=NoFunctions(), publisher=bus, settings=settings or Settings())
    return bus


def test_every_picture_comes_back() -> None:
    """Annotated and stored, in order, each with its own alternative text; ImageKey is the first."""
    media = DictMedia("a", "b")
    command = answer_to(analysed(image("a"), image("b", STRANGER)), media).command
    assert command.text == "I can see Barack Obama."
    assert (command.reply_to_tweet_id, command.reply_to_user_id) == ("12", "7")
    assert [one.key for one in command.images] == ["replies/12/0.jpg", "replies/12/1.jpg"]
    assert command.image_key == "replies/12/0.jpg"
    assert [one.alt_text for one in command.images] == ["A picture of Barack Obama.", "A picture of 1 face."]
    assert all(media.kept[one.key].startswith(b"\xff\xd8") for one in command.images)


def test_a_picture_with_a_problem_is_told_about() -> None:
    """The others come back."""
    command = answer_to(analysed(image(None, ImageAnalysis(), "The picture is empty."), image("b"))).command
    assert command.text == "I can see Barack Obama. The first picture: The picture is empty."
    assert len(command.images) == 1


@pytest.mark.parametrize(
    ("key", "kept", "problem"),
    [("gone", b"", "The picture is not there any more."), ("a", b"text", "The file is not a picture.")],
)
def test_a_picture_that_is_lost_is_told_about(key: str, kept: bytes, problem: str) -> None:
    """Expired in the media store, or unreadable there: the person gets an answer all the same."""
    media = DictMedia()
    if kept:
        media.kept[key] = kept
    command = answer_to(analysed(image(key)), media).command
    assert command.text.startswith(f"alice: {problem}")
    assert command.images == []
    assert command.image_key is None


def test_settings_reach_the_picture() -> None:
    """Strangers are blurred when the stage says so."""
    file = io.BytesIO()
    Image.effect_noise((640, 640), 120).convert("RGB").save(file, "JPEG")
    plain, blurred = DictMedia(), DictMedia()
    for media in (plain, blurred):
        media.kept["a"] = file.getvalue()
    answer_to(analysed(image("a", STRANGER)), plain)
    answer_to(analysed(image("a", STRANGER)), blurred, Settings(blur_strangers=True))
    assert plain.kept["replies/12/0.jpg"] != blurred.kept["replies/12/0.jpg"]


SAYINGS = [
    ([OBAMA, OBAMA], "I can see Barack Obama."),
    ([ImageAnalysis(celebrity_faces=[{"Name": name} for name in "ABC"])], "I can see A, B and C."),
    ([STRANGER], "I can see a face, but nobody famous."),
    ([STRANGER, STRANGER], "I can see 2 faces, but nobody famous."),
    ([ImageAnalysis()], "I can't see anybody famous."),
]


@pytest.mark.parametrize(("seen", "said"), SAYINGS)
def test_the_reply_says_who_is_there(seen: list[ImageAnalysis], said: str) -> None:
    """Everybody once; and how many the bot does not know."""
    assert reply_text([image("a", analysis) for analysis in seen]) == said


def test_the_reply_says_what_is_there() -> None:
    """Labels, the surest first, and the text, in which nothing is a link."""
    said = reply_text([image("a", SOFA)])
    assert said.replace("\u200b", "") == (
        "I can't see anybody famous. It looks like sofa and cat. It says “@victim see evil.com”."
    )
    assert "@victim" not in said
    assert "evil.com" not in said


def test_alternative_text_says_who_and_what() -> None:
    """Within X's 1,000 characters, and nothing in it becomes a link or calls anybody."""
    everything = msgspec.structs.replace(SOFA, celebrity_faces=OBAMA.celebrity_faces, unrecognized_faces=[FACE, FACE])
    assert alt_text(everything) == (
        "A picture of Barack Obama and 2 other faces. It shows: sofa, cat. It says: “@\u200bvictim see evil.\u200bcom”."
    )
    assert "victim" not in alt_text(everything, quote=False)
    assert "victim" not in reply_text([image("a", everything)], quote=False)
    long = ImageAnalysis(text_detections=[{"Type": "LINE", "DetectedText": "x" * 2000}])
    assert len(alt_text(long)) == 1000


UNREAD = ImageAnalysis(text_detections=[{"Type": "LINE", "DetectedText": "", "Confidence": 0.0}])


def test_the_reply_says_that_there_is_writing_it_cannot_read() -> None:
    """Beside what it can; not where writing is not to be repeated."""
    assert reply_text([image("a", UNREAD)]) == "I can't see anybody famous. There is writing that I can't read."
    assert alt_text(UNREAD) == "A picture without faces. There is writing that I can't read."
    assert reply_text([image("a", SOFA), image("b", UNREAD)]).endswith("”. There is writing that I can't read.")
    assert "writing" not in reply_text([image("a", UNREAD)], quote=False) + alt_text(UNREAD, quote=False)


def test_the_chatbot_answers_words() -> None:
    """In a session of the author's own; its messages become the reply, and nothing in it is a link."""
    chatbot = ScriptedChatbot("One.", "See evil.com @victim")
    bus = said_to(analysed(text="@bot tell me a joke"), chatbot)
    assert bus.command.text.replace("\u200b", "") == "One. See evil.com @victim"
    assert "evil.com" not in bus.command.text
    ((asked, session),) = chatbot.asked
    assert (asked, session) == ("tell me a joke", "x-7")


@pytest.mark.parametrize("text", ["@bot", "@bot " + "long " * 1000, "\n", "@bot https://t.co/abc"])
def test_the_chatbot_gets_what_it_takes(text: str) -> None:
    """One to 1,024 characters, whatever was posted."""
    chatbot = ScriptedChatbot("Hi.")
    said_to(analysed(text=text), chatbot)
    assert 1 <= len(chatbot.asked[0][0]) <= 1024


@pytest.mark.parametrize(("sentiment", "cheered"), [("NEGATIVE", False), ("POSITIVE", True), (None, True)])
def test_who_is_upset_is_spared_a_cheerful_reply(sentiment: str | None, cheered: bool) -> None:
    """The mood that the analysis found decides, whatever the chatbot took the post for."""
    event = analysed(text="@bot thanks for nothing", analysis=Analysis(text_sentiment=sentiment))
    words = said_to(event, ScriptedChatbot(intent="Thanks")).command.text.removeprefix("alice: ")
    thanks = next(intent for intent in CHATBOT.intents if intent.name == "Thanks")
    assert words in (thanks.replies if cheered else CHATBOT.fallback.upset)


def test_a_silent_chatbot_is_answered_for() -> None:
    """By the fallback: nobody who asks the bot is left without a reply."""
    words = said_to(analysed(), ScriptedChatbot()).command.text.removeprefix("alice: ")
    assert words in CHATBOT.fallback.replies


@pytest.mark.parametrize(("fields", "settings"), [({"summoned": False}, Settings()), ({}, Settings(replies=False))])
def test_nobody_is_answered_unasked(fields: dict[str, Any], settings: Settings) -> None:
    """Who did not summon the bot, and nobody at all where replies are off."""
    chatbot, bus = ScriptedChatbot("Hi."), answer_to(analysed(image("a"), **fields), settings=settings)
    said_to(analysed(**fields), chatbot, bus, settings)
    assert bus.entries == []
    assert chatbot.asked == []


@pytest.mark.parametrize("mark", [{"event_replay": "with-replies-a"}, {"replay_name": "with-replies-a"}])
def test_the_mark_of_a_replay_is_carried_on(mark: dict[str, str]) -> None:
    """In the command, and in the key that makes it once for each replay."""
    bus = answer_to(analysed(image("a"), **mark))
    said_to(analysed(**mark), ScriptedChatbot("Hi."), bus)
    assert {one.detail["ReplayName"] for one in bus.entries} == {"with-replies-a"}
    assert {one.dedup_key for one in bus.entries} == {"reply:12@with-replies-a"}


def test_a_reply_has_one_key_for_its_post() -> None:
    """So that the bus drops a second command."""
    assert answer_to(analysed(image("a"))).entries[0].dedup_key == "reply:12"


def test_a_stock_sentence_names_whom_it_answers() -> None:
    """X refuses a text that the account posted in the last hours, whoever it was for. A joke is said as it is."""
    replies = CHATBOT.fallback.replies
    assert reply_to("alice") in [f"alice: {words}" for words in replies]
    assert reply_to("bob") in [f"bob: {words}" for words in replies]
    assert reply_to("7") in replies
    assert said_to(analysed(), ScriptedChatbot("A joke.")).command.text == "A joke."


def reply_to(author: str) -> str:
    return said_to(analysed(author=author), ScriptedChatbot()).command.text


def test_what_is_said_to_a_post_is_fixed() -> None:
    """A replay, or an edit of the post, gets the words of the first reply: only one of them can be on X."""
    bus = RecordingBus()
    for words, event in (
        ("first", analysed()),
        ("second", analysed(event_replay="with-replies-1")),
        ("third", analysed(twitter=Twitter(tweet_id="13", user_id="7", first_tweet_id="12"))),
    ):
        said_to(event, ScriptedChatbot(words), bus)
    commands = [read(each.detail, SendTweet) for each in bus.entries]
    assert [each.text for each in commands] == ["first"] * 3
    assert [each.reply_to_tweet_id for each in commands] == ["12", "12", "13"]
    assert [each.dedup_key for each in bus.entries] == ["reply:12", "reply:12@with-replies-1", "reply:12"]


@pytest.mark.parametrize(
    ("text", "asked"),
    [
        ("The queue was endless. " * 1000 + "@bot tell me a joke", "tell me a joke"),
        ("@bot tell me a fact. " + "The queue was endless. " * 1000, "tell me a fact. The queue"),
        ("行列は長かった。" * 3000 + " @bot joke please", "joke please"),
        ("The queue was endless. " * 1000 + "Now a joke @bot", "Now a joke"),
    ],
)
def test_what_a_long_post_asks_for_stands_beside_the_name(text: str, asked: str) -> None:
    """Wherever in 25,000 characters it is: the chatbot takes 1,024 of them."""
    utterance = to_utterance(text)
    assert len(utterance) <= 1024
    assert utterance.startswith(asked) or utterance.endswith(asked)
