"""The functions of a bot's folder in a Lambda function: their time, their secrets, what they print and raise."""

from __future__ import annotations

import io
import logging
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from twbot.lambdas.aws import functions as module
from twbot.lambdas.aws.functions import LambdaFunctions
from twbot.lambdas.aws.own_secrets import OwnSecrets
from twbot.lambdas.contracts import Event
from twbot.lambdas.errors import FunctionFailed, Permanent, Temporary
from twbot.lambdas.folder.folder import SHIPPED, read_folder
from twbot.lambdas.ports import Call

EVENT = Event(id="1", source="BOT", time="2026-11-23T23:00:00Z", detail_type="MESSAGE_ANALYSED", detail={"Text": "Hi"})
SECRET = "s3cret/+value"
CODE = """
import asyncio, logging, sys, time
from twbot.bot import Permanent, Temporary

def says(event, bot): return {"said": event.detail["Text"]}
async def later(event, bot):
    await asyncio.sleep(0)
    return "later"
def waits(event, bot): time.sleep(60)
def spins(event, bot):
    while True:
        try:
            time.sleep(0.001)
        except Exception:
            pass
def prints(event, bot):
    print("to", "out", bot.secret("KEY"))
    print("to err", bot.secret("KEY"), file=sys.stderr)
    bot.log.info("logged %s", bot.secret("KEY"))
    logging.getLogger("theirs").error("other %s", bot.secret("KEY"))
    return bot.settings["replies"]
def raises(event, bot): raise ValueError("not " + bot.secret("KEY"))
def temporary(event, bot): raise Temporary("later, " + bot.secret("KEY"))
def permanent(event, bot): raise Permanent("never, " + bot.secret("KEY"))
def other(event, bot): return bot.secret("OTHER")
"""


# What Secrets Manager answers where there is nothing: to a role that may read secrets by the ARNs of those stored, the
# second; the third while a secret is being deleted.
ABSENT = {"NONE": "ResourceNotFoundException", "NEVER": "AccessDeniedException", "GONE": "InvalidRequestException"}


class Store:
    """Secrets Manager with these secrets."""

    def __init__(self, **secrets: str) -> None:
        self.secrets = {f"twbot/test/{name}": value for name, value in secrets.items()}
        self.asked: list[str] = []

    def get_secret_value(self, SecretId: str) -> dict[str, str]:  # noqa: N803
        self.asked.append(SecretId)
        if SecretId not in self.secrets:
            code = ABSENT.get(SecretId.rpartition("/")[2], "ThrottlingException")
            raise ClientError({"Error": {"Code": code, "Message": ""}}, "GetSecretValue")
        return {"SecretString": self.secrets[SecretId]}


@pytest.fixture
def functions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> LambdaFunctions:
    name = f"own_{tmp_path.name}".replace("-", "_")
    (tmp_path / f"{name}.py").write_text(CODE)
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    nothing: Any = None
    found = LambdaFunctions(tmp_path, read_folder(SHIPPED), OwnSecrets(Store(KEY=SECRET), "test"), nothing, nothing)
    found.__dict__["module"] = name
    return found


def call(functions: LambdaFunctions, name: str, *, timeout: float = 30, secrets: tuple[str, ...] = ("KEY",)) -> Any:
    return functions.call(Call("mine", f"{functions.__dict__['module']}:{name}", secrets, timeout), EVENT)


def test_a_function_returns_what_it_returns(functions: LambdaFunctions) -> None:
    """Plain or async."""
    assert call(functions, "says") == {"said": "Hi"}
    assert call(functions, "later") == "later"


@pytest.mark.parametrize("name", ["waits", "spins"])
def test_a_function_that_hangs_is_ended(functions: LambdaFunctions, name: str) -> None:
    """Also one that catches every Exception; the traceback shows where it hung."""
    began = time.monotonic()
    with pytest.raises(FunctionFailed, match=r"did not return within 0.05 s") as failed:
        call(functions, name, timeout=0.05)
    assert time.monotonic() - began < 30
    assert f"in {name}" in str(failed.value.traceback)


def test_a_function_is_ended_before_the_invocation_is(
    functions: LambdaFunctions, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else nobody could say why."""
    monkeypatch.setattr(module, "seconds_left", lambda: module.MARGIN + 0.05)
    with pytest.raises(FunctionFailed, match=r"within 0.05 s"):
        call(functions, "waits")
    monkeypatch.setattr(module, "seconds_left", lambda: 0.1)
    with pytest.raises(FunctionFailed, match="no time left"):
        call(functions, "says")


def test_a_secret_is_in_no_log(functions: LambdaFunctions, capsys: pytest.CaptureFixture[str]) -> None:
    """Printed, logged by the bot's logger or another: each line is there, without the secret."""
    written = io.StringIO()
    handler = logging.StreamHandler(written)
    logging.root.addHandler(handler)
    logging.getLogger("twbot.own").setLevel(logging.INFO)
    logging.getLogger("twbot").propagate = True
    try:
        assert call(functions, "prints") is True
    finally:
        logging.root.removeHandler(handler)
    assert SECRET not in written.getvalue()
    assert sorted(written.getvalue().splitlines()) == ["logged ***", "other ***", "to err ***", "to out ***"]
    assert SECRET not in "".join(capsys.readouterr())
    assert handler.formatter is None


@pytest.mark.parametrize(
    ("name", "kind", "says"),
    [
        ("raises", FunctionFailed, "ValueError: not ***"),
        ("temporary", Temporary, "later, ***"),
        ("permanent", Permanent, "never, ***"),
    ],
)
def test_a_secret_is_in_no_error(functions: LambdaFunctions, name: str, kind: type[Exception], says: str) -> None:
    with pytest.raises(kind) as failed:
        call(functions, name)
    assert says in str(failed.value)
    assert SECRET not in str(failed.value) + str(getattr(failed.value, "traceback", ""))


def test_a_secret_that_is_not_named_cannot_be_had(functions: LambdaFunctions) -> None:
    with pytest.raises(Permanent, match="name it in `secrets`"):
        call(functions, "other")


def test_secrets_are_read_when_they_are_needed_and_kept_for_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    """One that nobody stored is left out; where Secrets Manager fails, the event is tried again."""
    store = Store(KEY="one")
    secrets = OwnSecrets(store, "test")
    assert secrets.values([]) == {}
    assert not store.asked
    assert [secrets.values(["KEY", *ABSENT]) for _ in range(2)] == [{"KEY": "one"}] * 2
    assert store.asked.count("twbot/test/KEY") == 1
    store.secrets["twbot/test/KEY"] = "two"
    later = time.monotonic() + 301
    monkeypatch.setattr(time, "monotonic", lambda: later)
    assert secrets.values(["KEY"]) == {"KEY": "two"}
    with pytest.raises(Temporary, match="THROTTLED"):
        secrets.values(["THROTTLED"])
