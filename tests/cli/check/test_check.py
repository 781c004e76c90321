"""`twbot check`: what can be known of a bot's folder without running it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from twbot.cli.check.findings import Findings
from twbot.cli.check.functions import check_functions
from twbot.cli.check.tables import Use
from twbot.cli.errors import Exit
from twbot.cli.main import run
from twbot.lambdas.folder.records import Limits
from twbot.local.adapters.secrets import OwnSecrets
from twbot.local.data_folder import DataFolder

R, CRM, CHAT = "twbot.toml", "bot/crm.py", "bot/chatbot.toml"
EVENTS, QUERY = "bot/events.toml", "bot/queries/tickets.sql"
GOOD = {
    R: """
[bot]
languages = ["en"]

[[rules]]
name = "crm-angry"
when = { detail = { Analysis = { SentimentScore = { Negative = [{ numeric = [">", 0.9] }] } }, Followers = [7] } }
run = "bot.crm:ticket"
secrets = ["CRM_TOKEN"]

[answers]
texts = ["bot.crm:answer"]

[alerts]
when = [{ detail = { Text = [{ wildcard = "*Espresso*" }] } }]
""",
    CRM: """
def ticket(event, bot):
    bot.secret("CRM_TOKEN")
    bot.publish("TICKET_OPENED", {"Author": event.detail["Author"]})

async def answer(event, bot):
    return None
""",
    CHAT: """
[[intents]]
name = "Hours"
utterances = ["When are you open", "What are your hours"]
replies = ["From 9 to 6."]

[fallback]
replies = ["Somebody will look."]
""",
    EVENTS: '[TICKET_OPENED]\nAuthor = "text"\n',
    QUERY: (
        '-- Tickets.\n-- parameter: most integer 5\nSELECT id FROM "analysed-messages-table" LIMIT CAST(? AS integer)\n'
    ),
}
TWO_INTENTS = '[[intents]]\nname = "Open"\nutterances = [\n  "Open?",\n  "when are you OPEN?",\n]\n[fallback]'
TALK, SAY = "tests/conversations.toml", '[[conversations]]\ntext = "When?"\n'
ALMOST, TWICE = TWO_INTENTS.replace("OPEN?", "open."), TWO_INTENTS.replace("Open", "Hours")
WORDS, AWS = "bot/wording.en.toml", "[stages.prod.aws]\nextra = "
RUN = 'run = "bot.crm:ticket"'
RUN_SECRET = f'{RUN}\nsecrets = ["CRM_TOKEN"]'


class Case(NamedTuple):
    """What is changed in the good folder, and what is found: place, level, words."""

    name: str
    file: str
    before: str
    after: str
    place: str
    level: str
    says: str


CASES = [
    Case("no TOML", R, 'name = "crm-angry"', "name = crm", "twbot.toml:6", "wrong", "no TOML"),
    Case("key", R, "secrets =", "secret =", "twbot.toml:9", "wrong", "did you mean `secrets`"),
    Case("table", R, "[alerts]", "[alert]", "twbot.toml:14", "wrong", "did you mean `alerts`"),
    Case("missing", R, 'name = "crm-angry"\n', "", "twbot.toml:5", "wrong", "`name` is missing"),
    Case("name of ours", R, "crm-angry", "send-tweets", "twbot.toml:6", "wrong", "twbot has a rule send-tweets"),
    Case("both", R, RUN, f'{RUN}\nto = "https://x.example"', "twbot.toml:5", "wrong", "both"),
    Case("neither", R, f"{RUN}\n", "", "twbot.toml:5", "wrong", "neither"),
    Case("address", R, RUN, 'to = "http://x.example"', "twbot.toml:8", "wrong", "no address"),
    Case("unsigned", R, RUN_SECRET, 'to = "https://x.example"', "twbot.toml:8", "wrong", "no secret to sign"),
    Case("ARN", R, RUN, 'to = "arn:aws:s3:::x"', "twbot.toml:8", "wrong", "nothing that a rule can send to"),
    Case(
        "action",
        R,
        RUN,
        f"{RUN}\nallow = [{{ actions = ['PutItem'], resources = ['*'] }}]",
        "twbot.toml:9",
        "wrong",
        "a",
    ),
    Case(
        "resource", R, RUN, f"{RUN}\nallow = [{{ actions = ['*'], resources = ['t'] }}]", "twbot.toml:9", "wrong", "r"
    ),
    Case("nothing", R, RUN, f"{RUN}\nallow = [{{ actions = ['*'], resources = [] }}]", "twbot.toml:9", "wrong", "r"),
    Case(
        "own",
        R,
        "[alerts]",
        f"[stages.prod.own]\nx = '{'y' * 2500}'\n[alerts]",
        "twbot.toml:14",
        "wrong",
        "has room for",
    ),
    Case(
        "region",
        R,
        f"{RUN_SECRET}\n",
        'to = "arn:aws:sqs:eu-west-1:123456789012:q"\n[stages.prod.aws]\nregion = "us-east-1"\n',
        "twbot.toml:8",
        "wrong",
        "not in us-east-1",
    ),
    Case(
        "alert's type", R, "when = [{", 'when = [{ detail-type = ["X"],', "twbot.toml:15", "wrong", "MESSAGE_ANALYSED"
    ),
    Case(
        "empty",
        R,
        "{ detail = { Text = [{ wildcard",
        "{}, { detail = { Text = [{ wildcard",
        f"{R}:15",
        "wrong",
        "empty",
    ),
    Case("own step", R, "SentimentScore = {", "Own = {", "twbot.toml:7", "warning", "Analysis.Own.Negative"),
    Case("event's type", EVENTS, "[TICKET_OPENED]", "[TWEET_SENT]", "bot/events.toml:1", "wrong", "no type"),
    Case(
        "column's type",
        EVENTS,
        '"text"\n',
        '"text"\n[X]\nauthor = "number"\n',
        "bot/events.toml:4",
        "wrong",
        "X.author",
    ),
    Case("operator", R, "numeric =", "nummeric =", "twbot.toml:7", "wrong", "Analysis.SentimentScore.Negative[0]"),
    Case("no array", R, "Followers = [7]", "Followers = 7", "twbot.toml:7", "wrong", "detail.Followers"),
    Case("field", R, "Followers = [7]", "Folowers = [7]", "twbot.toml:7", "warning", "detail.Folowers"),
    Case("inner field", R, "SentimentScore", "SentimentScor", "twbot.toml:7", "warning", "Analysis.SentimentScor"),
    Case("no detail", R, "when = { detail = {", "when = { details = {", "twbot.toml:7", "wrong", "no field `details`"),
    Case("type", R, "when = {", 'when = { detail-type = ["TWET_SENT"],', "twbot.toml:7", "wrong", "TWET_SENT"),
    Case("own type", R, "when = {", 'when = { detail-type = ["TICKET_OPEND"],', "twbot.toml:7", "wrong", "OPEND"),
    Case("nobody's", R, "when = {", 'when = { detail-type = ["MOON_FULL"],', "twbot.toml:7", "warning", "MOON_FULL"),
    Case("too long", R, "[7]", str([*range(10**5, 10**5 + 400)]), "twbot.toml:7", "wrong", "2,048"),
    Case("loop", R, "when = {", 'when = { detail-type = ["TICKET_OPENED"],', "twbot.toml:7", "warning", "publishes"),
    Case("alert", R, "wildcard =", "wildcart =", "twbot.toml:15", "wrong", "alerts.when[0].detail.Text[0]"),
    Case("no function", R, "bot.crm:answer", "bot.crm:anser", "twbot.toml:12", "wrong", "bot.crm:anser"),
    Case("no module", R, "bot.crm:answer", "bot.cmr:answer", "twbot.toml:12", "wrong", "bot.cmr:answer"),
    Case("package", R, "secrets =", 'packages = ["httpx"]\nsecrets =', "twbot.toml:9", "wrong", "'httpx' is not in"),
    Case("model", R, "bot.crm:answer", "twbot.llm:answer", "twbot.toml:12", "wrong", "no table [llm]"),
    Case("stage", R, "[alerts]", "[stages.prod]\nreplis = true\n[alerts]", "twbot.toml:15", "wrong", "`replies`"),
    Case("language", R, '["en"]', '["en", "fr"]', "twbot.toml:3", "wrong", "fr has no chatbot"),
    Case("no language", R, '["en"]', '["english"]', "twbot.toml:3", "wrong", "is no language"),
    Case("syntax", CRM, "return None", "return (", "bot/crm.py:7", "wrong", "SyntaxError"),
    Case("import", CRM, "def ticket", "import httpq\ndef ticket", "bot/crm.py:2", "wrong", "httpq"),
    Case("raises", CRM, "def ticket", "1 / 0\ndef ticket", "bot/crm.py:2", "wrong", "ZeroDivisionError"),
    Case(
        "exits", CRM, "def ticket", "import os; os._exit(3)\ndef ticket", "twbot.toml:8", "wrong", "ended the process"
    ),
    Case("one parameter", CRM, "ticket(event, bot)", "ticket(event)", "bot/crm.py:2", "wrong", "(event)"),
    Case("three", CRM, "ticket(event, bot)", "ticket(event, bot, more)", "bot/crm.py:2", "wrong", "more"),
    Case("yields", CRM, "return None", "yield 1", "bot/crm.py:6", "wrong", "yields"),
    Case("secret", CRM, '"CRM_TOKEN"', '"CRM_KEY"', "bot/crm.py:3", "warning", "CRM_KEY"),
    Case("event of ours", CRM, '"TICKET_OPENED"', '"TWEET_SENT"', "bot/crm.py:4", "wrong", "TWEET_SENT"),
    Case("event type", CRM, '"TICKET_OPENED"', '"TICKET_MADE"', "bot/crm.py:4", "warning", "TICKET_MADE"),
    Case("event field", CRM, '{"Author"', '{"Writer"', "bot/crm.py:4", "wrong", "Writer"),
    Case("intent key", CHAT, 'replies = ["From', 'reply = ["From', "bot/chatbot.toml:5", "wrong", "`replies`"),
    Case("no words", CHAT, '"What are your hours"', '"?"', "bot/chatbot.toml:4", "wrong", "no word"),
    Case("two intents", CHAT, "[fallback]", TWO_INTENTS, "bot/chatbot.toml:11", "wrong", "Hours has it, too"),
    Case("but for a dot", CHAT, "[fallback]", ALMOST, "bot/chatbot.toml:11", "wrong", "in Hours and in Open"),
    Case("intent twice", CHAT, "[fallback]", TWICE, "bot/chatbot.toml:3", "wrong", "2 intents"),
    Case("sentence", WORDS, "", 'no-such-sentence = "x"', f"{WORDS}:1", "wrong", "no such sentence"),
    Case("no secret", R, 'secrets = ["CRM_TOKEN"]', 'secrets = ["CRM_KEY"]', "twbot.toml:9", "warning", "CRM_KEY"),
    Case("not locked", "requirements.txt", "", "httpx\n", "requirements.txt", "warning", "not locked"),
    Case("odd requirement", "requirements.txt", "", "\nhttpx=1\n", "requirements.txt:2", "wrong", "httpx=1"),
    Case("no CDK", R, "[alerts]", f'{AWS}"infra.x:add"\n[alerts]', "twbot.toml:15", "wrong", "no infra/x.py"),
    Case("no CDK function", R, "[alerts]", f'{AWS}"bot.crm:add"\n[alerts]', "twbot.toml:15", "wrong", "function add"),
    Case("field's type", EVENTS, '"text"', '"txt"', "bot/events.toml:2", "wrong", "TICKET_OPENED.Author"),
    Case("column", QUERY, "SELECT id", "SELECT idd", QUERY, "wrong", "idd"),
    Case("SQL", QUERY, "SELECT id", "SELEC id", QUERY, "wrong", ""),
    Case("parameter", QUERY, "most integer 5", "most int 5", f"{QUERY}:2", "wrong", "no parameter"),
    Case("unread", "bot/wording.fr.toml", "", "", "bot/wording.fr.toml", "warning", "nothing reads this file"),
    Case("no photo", "bot/people/Ada/notes.txt", "", "x", "bot/people/Ada", "wrong", "no photo of Ada"),
    Case("nobody's photo", "bot/people/a.jpg", "", "x", "bot/people/a.jpg", "wrong", "nobody's"),
    Case("no picture", "bot/people/Ada/a.jpg", "", "x", "bot/people/Ada/a.jpg", "wrong", "a.jpg"),
    Case("expected key", TALK, "", f"{SAY}replies = true", f"{TALK}:3", "wrong", "did you mean `reply`"),
    Case("expected intent", TALK, "", f'{SAY}intent = "Hour"', f"{TALK}:3", "wrong", "no intent Hour"),
    Case("expected function", TALK, "", f'{SAY}by = "bot.crm:anser"', f"{TALK}:3", "wrong", "bot.crm:anser"),
    Case("picture", TALK, "", f'{SAY}image = "a.jpg"', f"{TALK}:3", "wrong", "a.jpg"),
]


def test_a_pattern_of_types_may_be_about_what_x_sent(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Whose fields nobody declares: no field of it is unknown."""
    when = 'when = { detail-type = [{ prefix = "TWITTER_" }], detail = { for_user_id = ["1"] } }'
    toml = f'[[rules]]\nname = "raw"\n{when}\nrun = "bot.crm:ticket"\nsecrets = ["CRM_TOKEN"]\n'
    assert found(write(tmp_path, {R: toml}), capsys) == (0, [])


def write(folder: Path, changed: dict[str, str] | None = None) -> Path:
    for name, content in (GOOD | (changed or {})).items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(content)
        (folder / name).chmod(0o644)
    OwnSecrets(DataFolder(folder / ".twbot").own_secrets).put("CRM_TOKEN", "a token")
    return folder


def found(folder: Path, capsys: pytest.CaptureFixture[str]) -> tuple[int, list[dict[str, Any]]]:
    capsys.readouterr()
    code = run(["check", "--project", str(folder), "--json"])
    return code, json.loads(capsys.readouterr().out)["findings"]


@pytest.fixture(autouse=True)
def project(monkeypatch: pytest.MonkeyPatch) -> None:
    """`--project` of one test is not another's."""
    monkeypatch.setenv("TWBOT_PROJECT", "")


def test_a_good_folder_is_fine(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing found, and what to type next."""
    write(tmp_path)
    assert found(tmp_path, capsys) == (Exit.DONE, [])
    assert run(["check", "--project", str(tmp_path)]) == Exit.DONE
    assert f"twbot --project {tmp_path} test" in capsys.readouterr().err


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_each_fault_is_found_at_its_place(case: Case, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """File, line, level and words; only what is wrong fails."""
    before = GOOD.get(case.file, "")
    assert case.before in before
    write(tmp_path, {case.file: before.replace(case.before, case.after, 1) if case.before else case.after})
    code, all_found = found(tmp_path, capsys)
    places = [f"{each['file']}:{each['line']}" if each["line"] else each["file"] for each in all_found]
    shown = [(place, each["level"], each["says"]) for place, each in zip(places, all_found, strict=True)]
    assert [each for each in shown if each[:2] == (case.place, case.level) and case.says in each[2]], shown
    assert code == (Exit.CHECK_FAILED if any(level == "wrong" for _, level, _ in shown) else Exit.DONE)


def test_a_language_that_lex_lacks_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """With what to do instead; so are two that are one to Lex."""
    files = {f"bot/chatbot.{language}.toml": GOOD[CHAT] for language in ("xy", "en-US")}
    write(tmp_path, {R: GOOD[R].replace('["en"]', '["en", "xy", "en-US"]'), **files})
    _, all_found = found(tmp_path, capsys)
    said = [each["says"] for each in all_found if (each["file"], each["line"]) == (R, 3)]
    assert any("Lex has no language xy" in each and "[answers]" in each for each in said), said
    assert any("en and en-US are the same to Lex" in each for each in said), said


def test_all_faults_are_found_at_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Several in one file, and in several files; what is right beside them is checked, too."""
    twbot = (
        GOOD[R]
        .replace('["en"]', '["en", "fr"]')
        .replace("secrets =", "secret =")
        .replace("[alerts]", "[alert]")
        .replace("numeric", "nummeric")
    )
    chatbot = GOOD[CHAT].replace("[fallback]\nreplies", "[fallback]\nreply")
    write(tmp_path, {R: twbot, CHAT: chatbot, EVENTS: "[X]\na = 1\n"})
    _, all_found = found(tmp_path, capsys)
    wrong = {(each["file"], each["line"]) for each in all_found if each["level"] == "wrong"}
    assert wrong >= {(R, 3), (R, 7), (R, 9), (R, 14), (CHAT, 8), (EVENTS, 2)}


def test_people_get_a_line_for_each(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """`file:line: level: words`, below it what to do, on stdout; the summary on stderr."""
    monkeypatch.setenv("COLUMNS", "40")
    write(tmp_path, {R: GOOD[R].replace("secrets =", "secret =")})
    assert run(["check", "--project", str(tmp_path)]) == Exit.CHECK_FAILED
    out, err = capsys.readouterr()
    assert "\ntwbot.toml:9: wrong: rules[0]: There is no key `secret` here" in f"\n{out}"
    assert "1 thing is wrong" in err


def test_an_import_that_does_not_end_is_ended(tmp_path: Path) -> None:
    """The function is named, and those behind it are imported all the same."""
    write(tmp_path, {"bot/slow.py": "import threading\nthreading.Event().wait()\n", "bot/late.py": "x = 1\n"})
    names = ("bot.slow:f", "bot.crm:ticket", "bot.late:f")
    uses = [Use(name, tmp_path / R, line, Limits()) for line, name in enumerate(names, start=1)]
    findings = Findings(tmp_path)
    check_functions(uses, tmp_path, findings, seconds=3)
    assert [(each.line, each.says.partition(" (")[0]) for each in findings.all()] == [
        (1, "bot.slow:f: its import does not end within 3 seconds."),
        (3, "there is no function bot.late:f"),
    ]


def test_what_everybody_may_write_runs_nobody_s_code(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Whoever may write to bot/ runs code as the bot."""
    write(tmp_path)
    (tmp_path / CRM).chmod(0o666)
    code, all_found = found(tmp_path, capsys)
    assert (code, [each["file"] for each in all_found]) == (Exit.CHECK_FAILED, [CRM])


def test_a_folder_that_is_no_bot_is_said_to_be_none(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """4, and how to make one."""
    monkeypatch.chdir(tmp_path)
    assert run(["check"]) == Exit.NOT_FOUND
    assert "twbot new" in capsys.readouterr().err
