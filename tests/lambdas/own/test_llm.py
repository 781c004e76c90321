"""A language model answers where there is one: over a real HTTP server with OpenAI's API, and as Bedrock's Converse."""

from __future__ import annotations

import contextlib
import http.server
import json
import logging
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.stub import ANY, Stubber

import twbot.llm
from tests.support.own_functions import Bus, Media
from twbot.bot import Bot, Event, Permanent
from twbot.lambdas.errors import FunctionFailed
from twbot.lambdas.folder.folder import VARIABLE

KEY = "sk-very-secret"
LLM = """
[llm]
model = "small"
url = "{url}"
key = "LLM_KEY"
instructions = "You are a barista."
timeout = 2
dollars_per_day = {dollars}
dollars_per_million_input_tokens = 1
dollars_per_million_output_tokens = 10
"""


class Model(http.server.ThreadingHTTPServer):
    """A server with OpenAI's API. It gives one of `answers` after the other, then the last again."""

    def __init__(self, *answers: tuple[int, Any]) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.answers = list(answers)
        self.requests: list[tuple[str, dict[str, str], Any]] = []
        self.url = f"http://127.0.0.1:{self.server_port}/v1"


class Handler(http.server.BaseHTTPRequestHandler):
    server: Model

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.requests.append((self.path, dict(self.headers), body))
        status, content = self.server.answers[0] if len(self.server.answers) == 1 else self.server.answers.pop(0)
        encoded = content if isinstance(content, bytes) else json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(encoded)))
        self.send_header("Location", "http://127.0.0.1:1/elsewhere")
        self.end_headers()
        self.wfile.write(encoded)

    def log_message(self, *_: object) -> None: ...


def said(text: str | None, prompt: int = 100, completion: int = 20) -> tuple[int, Any]:
    usage = {"prompt_tokens": prompt, "completion_tokens": completion}
    return 200, {"choices": [{"message": {"role": "assistant", "content": text}}], "usage": usage}


@pytest.fixture(autouse=True)
def _unpaused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(twbot.llm, "_paused_until", 0.0)


@contextlib.contextmanager
def model(
    folder: Path, monkeypatch: pytest.MonkeyPatch, *answers: tuple[int, Any], dollars: float = 1
) -> Iterator[Model]:
    with Model(*answers) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        use(folder, monkeypatch, LLM.format(url=server.url, dollars=dollars))
        yield server
        server.shutdown()
        thread.join()


def use(folder: Path, monkeypatch: pytest.MonkeyPatch, toml: str) -> None:
    (folder / "twbot.toml").write_text(toml)
    monkeypatch.setenv(VARIABLE, str(folder))


def bot(bus: Bus | None = None) -> Bot:
    log = logging.getLogger("own")
    return Bot(
        publisher=bus or Bus(), media=Media(), secrets={"LLM_KEY": KEY}, settings={}, events={}, links=[], log=log
    )


def post(text: str = "What do you have?") -> Event:
    thread = [{"TweetId": "4", "Author": "shop", "Text": "We are open."}]
    twitter = {"TweetId": "5", "UserId": "7"}
    detail = {"Text": text, "Author": "ada", "Summoned": True, "Twitter": twitter, "Analysis": {}, "Thread": thread}
    return Event(id="1", source="BOT", time="2026-01-01T00:00:00Z", detail_type="MESSAGE_ANALYSED", detail=detail)


def test_the_model_sees_the_instructions_the_thread_and_the_post(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And nothing else: the key is in the header alone."""
    with model(tmp_path, monkeypatch, said("  Espresso and cake. ")) as server:
        assert twbot.llm.answer(post(), bot()) == "Espresso and cake."
        ((path, headers, body),) = server.requests
    assert (path, headers["Authorization"]) == ("/v1/chat/completions", f"Bearer {KEY}")
    assert (body["model"], body["max_tokens"]) == ("small", 200)
    system, user = body["messages"]
    assert system["content"].endswith("You are a barista.")
    assert user == {"role": "user", "content": "@shop: We are open.\n\n@ada: What do you have?"}
    assert KEY not in json.dumps(body)


@pytest.mark.parametrize("words", ["PASS", " pass. ", "", None])
def test_a_model_with_nothing_to_say_leaves_it_to_the_chatbot(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: str | None
) -> None:
    with model(tmp_path, monkeypatch, said(words)):
        assert twbot.llm.answer(post(), bot()) is None


def test_newer_models_name_the_limit_otherwise(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    refusal = (400, {"error": {"message": "Use 'max_completion_tokens' instead."}})
    with model(tmp_path, monkeypatch, refusal, said("Hello")) as server:
        assert twbot.llm.answer(post(), bot()) == "Hello"
        assert "max_tokens" not in server.requests[1][2]


@pytest.mark.parametrize(
    "answer",
    [
        (500, {"error": KEY}),
        (302, {}),
        (200, b"no JSON"),
        (200, b"\xff\xfe"),
        (200, {"choices": []}),
        (200, {"choices": [{"message": None}]}),
        (200, b"x" * (twbot.llm.MAX_ANSWER_BYTES + 1)),
    ],
)
def test_a_model_that_fails_is_left_alone_for_a_minute(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, answer: tuple[int, Any]
) -> None:
    """One reply is late, the next are not; what it did not answer costs nothing; no error names the key."""
    bus = Bus()
    with model(tmp_path, monkeypatch, answer) as server:
        with pytest.raises(FunctionFailed, match="does not answer") as failed:
            twbot.llm.answer(post(), bot(bus))
        assert twbot.llm.answer(post(), bot(bus)) is None
        assert len(server.requests) == 1
    assert KEY not in str(failed.value)
    assert sum(bus.numbers.values()) == pytest.approx(0)


def test_the_budget_of_the_day_is_never_overspent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """What a call may cost at most is set aside before it is made; what it did cost is counted after."""
    bus = Bus()
    with model(tmp_path, monkeypatch, said("Hello", 100, 20), dollars=0.0031) as server:
        answers = [twbot.llm.answer(post(), bot(bus)) for _ in range(9)]
        asked = len(server.requests)
    assert answers == ["Hello"] * asked + [None] * (9 - asked)
    assert 1 <= asked < 9
    (spent,) = bus.numbers.values()
    assert spent == pytest.approx(asked * (100 * 1 + 20 * 10) / 1_000_000)
    assert "budget" in caplog.text


@pytest.mark.parametrize(
    ("toml", "said"),
    [
        ("", "no table"),
        (LLM.format(url="http://model.example/v1", dollars=1), "https://"),
        (LLM.format(url="x", dollars=1).replace('url = "x"', ""), "Bedrock"),
    ],
)
def test_what_can_not_work_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, toml: str, said: str) -> None:
    use(tmp_path, monkeypatch, toml)
    with pytest.raises(Permanent, match=said):
        twbot.llm.answer(post(), bot())


def test_bedrock_is_asked_as_its_api_wants_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """botocore checks the request against the model of Converse."""
    use(tmp_path, monkeypatch, LLM.format(url="x", dollars=1).replace('url = "x"', ""))
    monkeypatch.setenv("AWS_LAMBDA_FUNCTION_NAME", "text")
    client = boto3.client("bedrock-runtime", region_name="eu-west-1")
    expected = {
        "modelId": "small",
        "system": [{"text": ANY}],
        "messages": [{"role": "user", "content": [{"text": "@shop: We are open.\n\n@ada: What do you have?"}]}],
        "inferenceConfig": {"maxTokens": 200},
    }
    answer = {
        "output": {"message": {"role": "assistant", "content": [{"text": "Espresso."}]}},
        "stopReason": "end_turn",
        "usage": {"inputTokens": 100, "outputTokens": 20, "totalTokens": 120},
        "metrics": {"latencyMs": 1},
    }
    bus = Bus()
    with Stubber(client) as stubber:
        stubber.add_response("converse", answer, expected)
        stubber.add_client_error("converse", "ThrottlingException")
        monkeypatch.setattr(boto3, "client", lambda *_, **__: client)
        assert twbot.llm.answer(post(), bot(bus)) == "Espresso."
        with pytest.raises(FunctionFailed):
            twbot.llm.answer(post(), bot(bus))
    assert sum(bus.numbers.values()) == pytest.approx(300 / 1_000_000)
