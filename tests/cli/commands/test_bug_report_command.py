"""`twbot bug-report`: what helps, and nothing that is a secret, wherever it stands."""

from __future__ import annotations

import json
import stat
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from twbot.cli.doctor.known_secrets import Cleaner
from twbot.cli.errors import Exit
from twbot.cli.main import run
from twbot.lambdas.contracts import Entry
from twbot.lambdas.own.redaction import HIDDEN
from twbot.local.bus.bus import Bus
from twbot.local.data_folder import DataFolder

Capture = pytest.CaptureFixture[str]
TEXT = "my neighbour's dog is called Waldo, and I live at 5 Elm Street"
# By the place where each is planted.
SECRETS = {
    "key": "kq7!Zr#planted-api-key",
    "previous key": "planted-previous-key-0",
    "own secret": 'own "quoted"\\secret\nof two lines',
    "control token": "planted-control-token",
    "webhook": "T0/B0/planted-webhook-path",
    "mail password": "planted-mail-password",
    "variable": "planted-variable",
    "another variable": "planted-crm",
    "AWS": "planted-aws-secret",
    "setting": "planted-setting",
    "number setting": "planted-phone",
    "instructions": "planted-instructions",
    "url": "planted-url-password",
    "url query": "planted-url-query",
    "bearer": "planted.bearer.token",
    "function": "planted-by-a-function",
    "address": "planted.person",
}


@pytest.fixture
def planted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> DataFolder:
    """A bot in whose files, log, settings and environment a secret stands at each place that may have one."""
    (tmp_path / "bot").mkdir()
    (tmp_path / "bot" / "chatbot.toml").write_text('[fallback]\nreplies = ["?"]\n')
    (tmp_path / "twbot.toml").write_text(
        f"""
[llm]
model = "m"
url = "https://user:{SECRETS["url"]}@api.example.com/v1?key={SECRETS["url query"]}"
instructions = "{SECRETS["instructions"]}"
dollars_per_million_input_tokens = 0
dollars_per_million_output_tokens = 0
[stages.local.own]
crm = "{SECRETS["setting"]}"
nested = {{ a = ["{SECRETS["number setting"]}"] }}
"""
    )
    home = DataFolder(tmp_path / ".twbot")
    home.folder.mkdir(mode=0o700)
    keys = {name: f"{SECRETS['key']}-{name}" for name in ("ApiKey", "ApiSecret", "AccessToken", "AccessTokenSecret")}
    _private(home.secrets, keys)
    _private(home.secrets.with_name("secrets.previous.json"), {"ApiKey": SECRETS["previous key"]})
    _private(home.own_secrets, {"CRM": SECRETS["own secret"]})
    _private(home.run, {"pid": 1, "url": "http://127.0.0.1:1", "started": 0, "control_token": SECRETS["control token"]})
    smtp = {"url": "smtps://me@mail.example.com", "password": SECRETS["mail password"]}
    _private(home.subscribers, [{"kind": "slack", "address": SECRETS["webhook"]}, {"kind": "email", "smtp": smtp}])
    detail = {"Author": "ann", "Text": TEXT, "Twitter": {"TweetId": "1001", "UserId": "1"}}
    with Bus(home.bus, [], delivers=False) as bus:
        bus.publish([Entry(source="BOT", detail_type="MESSAGE_RECEIVED", detail=detail)])
    monkeypatch.setenv("CRM_TOKEN", SECRETS["another variable"])
    monkeypatch.setenv("MY_PASSWORD", SECRETS["variable"])
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRETS["AWS"])
    home.log.write_text("".join(f"{json.dumps(line)}\n" for line in _log()))
    monkeypatch.chdir(tmp_path)
    return home


def _private(path: Path, content: object) -> None:
    path.write_bytes(msgspec.json.encode(content))
    path.chmod(0o600)


def _log() -> list[dict[str, Any]]:
    """A line of the log with each of them, in several spellings, and with what somebody wrote."""
    import datetime
    import urllib.parse

    said = [
        *SECRETS.values(),
        *(json.dumps(each) for each in SECRETS.values()),
        *(urllib.parse.quote(each, safe="") for each in SECRETS.values()),
        f"Authorization: Bearer {SECRETS['bearer']}",
        f"GET https://me:{SECRETS['url']}@example.com/x?token={SECRETS['url query']} failed",
        f"POST https://hooks.example.com/{SECRETS['webhook']}",
        f'{{"password": "{SECRETS["mail password"]}"}}',
        f"mail to {SECRETS['address']}@example.com bounced",
        f"KeyError: {TEXT!r}",
    ]
    # Of what nobody knows to be a secret, only what has the form of one can be found.
    unknown = ("function", "bearer", "address", "url", "url query", "setting", "number setting", "instructions")
    bare = {spelled for name in unknown for each in [SECRETS[name]] for spelled in (each, json.dumps(each))}
    now = datetime.datetime.now(datetime.UTC).isoformat()
    lines = [
        {"timestamp": now, "level": "ERROR", "logger": "twbot.egress", "message": each, "exception": each}
        for each in said
        if each not in bare
    ]
    by_function = {"level": "WARNING", "logger": "twbot.own", "message": SECRETS["function"]}
    return [*lines, {"timestamp": now, "exception": SECRETS["function"], **by_function}]


@pytest.mark.parametrize("damage", [False, True], ids=["whole", "broken files"])
@pytest.mark.parametrize("options", [[], ["--with-posts"]], ids=["", "with posts"])
def test_no_secret_is_in_it(
    planted: DataFolder, options: list[str], damage: bool, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From whatever place, as it is or as it stands in JSON and URLs; broken files of secrets tell none either."""
    if damage:
        for path in (planted.secrets, planted.own_secrets, planted.run, planted.subscribers):
            path.write_bytes(path.read_bytes()[:-1])
            path.chmod(0o644)
    monkeypatch.setattr("twbot.cli.doctor.bug_report.MAX_LINES", 1000)
    assert run(["bug-report", *options]) == Exit.DONE
    out, err = capsys.readouterr()
    for place, secret in SECRETS.items():
        for part in secret.splitlines():
            assert part not in out + err, place
            assert json.dumps(part)[1:-1] not in out + err, place
    assert (TEXT in out) is bool(options)
    report = json.loads(out)
    assert {"twbot", "settings", "environment", "doctor", "log", "status"} <= set(report)
    assert [each["logger"] for each in report["log"]].count("twbot.own") == 1


def test_it_says_what_helps(planted: DataFolder, capsys: Capture) -> None:
    """Versions, checks with their fixes, errors, counts; and that a person should look first."""
    assert run(["bug-report"]) == Exit.DONE
    out, err = capsys.readouterr()
    report = json.loads(out)
    assert report["twbot"]["packages"]["msgspec"]
    assert "bot.languages" in [each["name"] for each in report["settings"]]
    assert {"name": "own.crm", "value": "(str)"}.items() <= report["settings"][-2].items()
    assert "Python" in [each["name"] for each in report["doctor"]]
    assert report["status"]["last_hour"]["messages"] == 1
    assert "Look through it" in err


def test_a_file_is_its_owners(planted: DataFolder, tmp_path: Path, capsys: Capture) -> None:
    """And none is replaced."""
    assert run(["bug-report", "report.json", "--json"]) == Exit.DONE
    assert json.loads(capsys.readouterr().out) == {"file": "report.json"}
    assert stat.S_IMODE((tmp_path / "report.json").stat().st_mode) == 0o600
    assert json.loads((tmp_path / "report.json").read_text())["twbot"]
    assert run(["bug-report", "report.json"]) == Exit.USAGE
    assert run(["bug-report", "no/such/folder/report.json"]) == Exit.USAGE


@pytest.mark.parametrize("content", [None, "[[", "[stages.local]\nreplys = 1"])
def test_what_is_broken_is_a_part_of_it(
    content: str | None, tmp_path: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It never fails: that is what it is for. Nothing configured, no bot, a file that is no TOML."""
    monkeypatch.chdir(tmp_path)
    if content is not None:
        (tmp_path / "twbot.toml").write_text(content)
        (tmp_path / ".twbot").mkdir(mode=0o700)
        (tmp_path / ".twbot" / "bus.db").write_bytes(b"not a database at all, not a database at all")
    assert run(["bug-report"]) == Exit.DONE
    report = json.loads(capsys.readouterr().out)
    assert report["doctor"]
    assert ("problem" in report["settings"]) is (content is not None)


@settings(max_examples=60, deadline=None)
@given(
    st.text(st.characters(codec="utf-8"), min_size=8).filter(lambda each: len(each.strip()) >= 8 and "\n" not in each),
    st.sampled_from(["{}", "x{}y", '{{"a": "{}"}}', "https://h.example/{}", "Traceback\n  {}\n", "a=%s&b={}"]),
)
def test_a_known_secret_is_found_wherever_it_stands(secret: str, around: str) -> None:
    """In a text, in a key, in a list: any characters."""
    text = around.replace("{}", secret).replace("{{", "{").replace("}}", "}")
    clean = Cleaner([secret])
    found = json.dumps(clean({text: [text, {"deep": text}], "n": 5}), ensure_ascii=False)
    if secret.strip("*") and secret not in HIDDEN:
        assert json.dumps(secret.strip(), ensure_ascii=False)[1:-1] not in found
