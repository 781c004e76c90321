"""A bot's folder is read as it is written, and a fault in it is told with its file, line and remedy."""

from __future__ import annotations

import json
import re
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from twbot.lambdas.errors import TwbotError
from twbot.lambdas.folder.folder import COMPILED, SHIPPED, VARIABLE, BotFolder, project, read_folder
from twbot.lambdas.folder.records import PATTERNS, ChatbotFile, EventFields, File
from twbot.lambdas.folder.toml_file import line_of, parse_toml
from twbot.local.conversations.records import ConversationsFile

CHATBOT = """
[[intents]]
name = "OpeningHours"
utterances = ["When are you open"]
replies = ["From 9 to 6: https://coffee.example/hours"]

[fallback]
replies = ["Somebody will look at this."]
"""


def written(folder: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder


def test_what_a_folder_leaves_out_is_the_shipped_bots(tmp_path: Path) -> None:
    """A folder with one file of its own is a bot."""
    assert read_folder(tmp_path) == msgspec.structs.replace(read_folder(SHIPPED), alerts=[])
    own = read_folder(written(tmp_path, {"bot/chatbot.toml": CHATBOT}))
    assert [intent.name for intent in own.chatbot().intents] == ["OpeningHours"]


def test_each_language_has_its_words(tmp_path: Path) -> None:
    """The first language is the default, also for languages that nobody wrote words in."""
    german = CHATBOT.replace("From 9 to 6", "Von 9 bis 18 Uhr")
    files = {
        "twbot.toml": '[bot]\nlanguages = ["de", "en"]',
        "bot/chatbot.de.toml": german,
        "bot/chatbot.en.toml": CHATBOT,
        "bot/wording.de.toml": 'nobody = "Niemand."',
    }
    found = read_folder(written(tmp_path, files))
    replies = {spoken: found.chatbot(spoken).intents[0].replies[0][:4] for spoken in ("de", "en", "en-GB", "fr", None)}
    assert replies == {"de": "Von ", "en": "From", "en-GB": "From", "fr": "Von ", None: "Von "}
    assert found.wordings == {"de": {"nobody": "Niemand."}}


def test_links_are_those_that_the_files_name(tmp_path: Path) -> None:
    """Of words, code and settings, whatever the case; a host in a picture's bytes or a query is none."""
    files = {
        "bot/chatbot.toml": CHATBOT,
        "bot/orders.py": 'URL = f"HTTPS://Track.example:8443/{1}"',
        "bot/people/notes.txt": "https://other.example",
    }
    assert read_folder(written(tmp_path, files)).links == ["coffee.example", "track.example"]


def test_a_compiled_folder_says_the_same(tmp_path: Path) -> None:
    """What is bundled for Lambda is what was read here."""
    own = read_folder(written(tmp_path / "own", {"bot/chatbot.toml": CHATBOT}))
    (tmp_path / COMPILED).write_bytes(msgspec.json.encode(own))
    assert read_folder(tmp_path) == own
    assert isinstance(read_folder(tmp_path), BotFolder)


RULE = '[[rules]]\nname = "a"\nwhen = {}\nrun = "bot.a:b"\n'


@pytest.mark.parametrize(
    ("files", "said"),
    [
        (
            {"twbot.toml": f"{RULE}\n{RULE}memori = 512"},
            r"twbot.toml:10: rules\[1\]: .*`memori`.*did you mean `memory`",
        ),
        ({"twbot.toml": f"{RULE}memory = 'much'"}, r"twbot.toml:5: rules\[0\].memory: Expected a whole number"),
        (
            {"twbot.toml": RULE.replace("bot.a:b", "bot/a.py")},
            r"toml:4: rules\[0\].run: Expected module:function, such",
        ),
        ({"twbot.toml": RULE.replace('"a"', '"A b"')}, r"toml:2: rules\[0\].name: Expected small letters, digits"),
        ({"twbot.toml": f'{RULE}secrets = ["low"]'}, r"toml:5: rules\[0\].secrets\[0\]: Expected capitals, digits"),
        ({"bot/chatbot.toml": "[fallback]\nreplies = [' ']"}, r"toml:2: fallback.replies\[0\]: Expected some text"),
        ({"twbot.toml": "bot = 3"}, r"twbot.toml:1: bot: Expected a table, got a whole number"),
        ({"twbot.toml": "[bot]\nlanguages = []"}, r"twbot.toml:2: bot.languages: Expected a list, length >= 1"),
        ({"twbot.toml": "[stages.local]\n[stage.local]"}, r"toml:2: the file: .*`stage`.*did you mean `stages`"),
        ({"twbot.toml": "[answer]\ntexts = []"}, r"twbot.toml:1: .*did you mean `answers`"),
        ({"twbot.toml": "[bot]\n[bot]"}, r"twbot.toml: no TOML: .*line 2"),
        ({"twbot.toml": "[bot]\nlanguages = ['German']"}, r"'German' is no language"),
        ({"twbot.toml": "[bot]\nlanguages = ['en', 'de']"}, r"de has no chatbot"),
        ({"bot/chatbot.toml": "[fallback]\nreplys = ['?']"}, r"chatbot.toml:2: fallback: .*did you mean `replies`"),
        ({"bot/chatbot.toml": CHATBOT.replace("utter", "uter")}, r"chatbot.toml:4: intents\[0\]: .*`utterances`"),
        (
            {"bot/events.toml": "[ORDER]\nnumber = 'int'"},
            r"events.toml:2: ORDER.number: Invalid enum value 'int': expected text or",
        ),
        (
            {"twbot.toml": '[[steps]]\nname = "A"\nof = "txt"\nrun = "a:b"'},
            r"toml:3: steps\[0\].of: Invalid enum value 'txt': expected text or image",
        ),
        ({"twbot.toml": "[stages.local]\nblur_stranger = true"}, None),  # lambdas/settings.py reads these
    ],
)
def test_a_fault_is_told_with_its_place(tmp_path: Path, files: dict[str, str], said: str | None) -> None:
    """File, line, what is wrong, and the nearest right key."""
    written(tmp_path, files)
    if said is None:
        read_folder(tmp_path)
        return
    with pytest.raises(TwbotError, match=said):
        read_folder(tmp_path)


def test_the_bot_is_the_folder_that_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """TWBOT_PROJECT, else the working directory where it is a bot's, else the shipped one."""
    monkeypatch.delenv(VARIABLE, raising=False)
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    assert project() == SHIPPED
    written(tmp_path / "here", {"twbot.toml": ""})
    assert project() == tmp_path / "here"
    written(tmp_path / "there", {"bot/chatbot.toml": CHATBOT})
    monkeypatch.setenv(VARIABLE, str(tmp_path / "there"))
    assert project() == tmp_path / "there"
    monkeypatch.setenv(VARIABLE, str(tmp_path / "nowhere"))
    with pytest.raises(TwbotError, match="no folder"):
        project()


def test_every_pattern_of_a_table_is_said_in_words() -> None:
    """Nobody has to read a regular expression: each that a record has is one of PATTERNS."""
    schema = json.dumps([msgspec.json.schema(each) for each in (File, ChatbotFile, ConversationsFile)])
    patterns = re.findall(r'"pattern": ("(?:[^"\\]|\\.)*")', schema)
    assert {json.loads(each) for each in patterns} == set(PATTERNS)


@given(st.lists(st.sampled_from(["name", "when", "memory"]), min_size=1, max_size=3, unique=True), st.integers(0, 3))
def test_the_line_of_any_key_is_found(keys: list[str], before: int) -> None:
    """However many tables, comments and blank lines stand before it."""
    table = "\n".join(["[[rules]]", "# a comment", *(f"{key} = 1" for key in keys), ""])
    text = table * before + "[[rules]]\n" + "\n".join(f"{key} = 2" for key in keys)
    for number, key in enumerate(keys):
        at = line_of(text, f"$.rules[{before}].{key}")
        assert text.splitlines()[at - 1] == f"{key} = 2", number


FAULTY = """\
[bot]
langages = ["de"]

[[rules]]
name = "A b"
when = {}

[[rules]]
nme = "ok"
memory = "x"
when = {}

[[rules]]
name = "good"
when = { detail = {} }
timeout = 5000
"""


def test_all_faults_of_a_file_are_found_and_the_rest_is_read(tmp_path: Path) -> None:
    """Each with its line, also behind what was left out; what is right can be found in the file again."""
    (tmp_path / "twbot.toml").write_text(FAULTY)
    parsed = parse_toml(tmp_path / "twbot.toml", File)
    assert sorted(fault.line for fault in parsed.faults) == [2, 5, 8, 9, 10, 16]
    assert parsed.value is not None
    assert [(rule.name, rule.timeout) for rule in parsed.value.rules] == [("good", 30)]
    assert parsed.line("rules", 0, "when") == 15


def test_a_faulty_value_of_a_table_is_told_by_its_key(tmp_path: Path) -> None:
    """Also where another has the same fault."""
    (tmp_path / "events.toml").write_text('[A]\nx = "text"\n[B]\ny = "txt"\n[C]\nz = "txt"\nw = "time"\n')
    parsed = parse_toml(tmp_path / "events.toml", EventFields)
    assert [fault.line for fault in parsed.faults] == [4, 6]
    assert parsed.value == {"A": {"x": "text"}, "B": {}, "C": {"w": "time"}}
