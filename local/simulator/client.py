"""Starting the simulated X as a process, and calling its control API."""

from __future__ import annotations

import base64
import contextlib
import os
import secrets
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import msgspec
import requests

from twbot.lambdas.errors import TwbotError
from twbot.lambdas.ports import Keys

TOKEN_HEADER = "x-control-token"  # noqa: S105 (a header's name)
START_SECONDS = 20.0
TOKEN_VARIABLE = "TWBOT_SIMULATOR_CONTROL_TOKEN"  # noqa: S105 (a variable's name)


class SimulatorClient:
    """The control API. Posts are dicts with id, author, text, media, reply_to and so on."""

    def __init__(self, url: str, control_token: str) -> None:
        self.url = url.rstrip("/")
        self._http = requests.Session()
        self._http.trust_env = False
        self._http.headers[TOKEN_HEADER] = control_token

    def keys(self, user: str | None = None) -> Keys:
        """The app's keys with the access token of the bot, or of another user."""
        return msgspec.convert(self._call("GET", "/sim/keys", params={"user": user} if user else None), Keys)

    def bot(self) -> str:
        """The bot's username."""
        return str(self._call("GET", "/sim/keys")["Username"])

    def post(
        self,
        author: str,
        text: str = "",
        *,
        images: Iterable[bytes | Path] = (),
        reply_to: str | None = None,
        quote: str | None = None,
        repost: str | None = None,
        generation: str | None = None,
    ) -> dict[str, Any]:
        """Post as anybody. `generation`: deliver as "v1.1" or "x-activity" only."""
        return self._post_to("/sim/posts", author, text, images, reply_to, quote, repost, generation)

    def forge(
        self, author: str, text: str, *, images: Iterable[bytes | Path] = (), generation: str | None = None
    ) -> dict[str, Any]:
        """Deliver a post once with a wrong signature; `status` is what the webhook answered."""
        return self._post_to("/sim/forge", author, text, images, None, None, None, generation)

    def resend(self, post_id: str) -> list[int]:
        """Deliver again what was delivered about the post; the new deliveries' ids."""
        return list(self._call("POST", f"/sim/posts/{post_id}/resend")["deliveries"])

    def act(self, kind: str, author: str, **details: Any) -> dict[str, Any]:
        """like, delete (post=ID); follow, block, mute, un…, dm (text=), typing, read (to=USERNAME); revoke."""
        return self._call("POST", "/sim/actions", json={"kind": kind, "author": author, **details})

    def get(self, post_id: str) -> dict[str, Any]:
        return self._call("GET", f"/sim/posts/{post_id}")

    def posts(self, author: str | None = None) -> list[dict[str, Any]]:
        return list(self._call("GET", "/sim/posts", params={"author": author} if author else None)["posts"])

    def conversation(self, post_id: str) -> list[dict[str, Any]]:
        return list(self._call("GET", f"/sim/posts/{post_id}/conversation")["posts"])

    def replies(self, post_id: str, *, timeout: float = 0, author: str | None = None) -> list[dict[str, Any]]:
        """The replies to a post; waits up to `timeout` seconds for the first."""
        query = {"to": post_id, "timeout": str(timeout), **({"author": author} if author else {})}
        return list(self._call("GET", "/sim/replies", params=query, timeout=timeout + 10)["posts"])

    def deliveries(self, post_id: str | None = None, *, state: str | None = None) -> list[dict[str, Any]]:
        """The delivery log: id, generation, event, post_id, state (pending, delivered, failed), tries, status, ms."""
        query = {name: value for name, value in (("post", post_id), ("state", state)) if value}
        return list(self._call("GET", "/sim/deliveries", params=query)["deliveries"])

    def fail(self, kind: str, *, count: int = 1, call: str = "POST /2/tweets", seconds: float = 2.0) -> None:
        """The next `count` calls end so: rate_limit, credits, cap, error, unavailable, timeout, lost_answer, …"""
        self._call("POST", "/sim/failures", json={"kind": kind, "count": count, "call": call, "seconds": seconds})

    def limits(
        self, limits: dict[str, int] | None = None, *, posts_a_day: int | None = None, most_webhooks: int | None = None
    ) -> None:
        """Change rate limits (by "POST /2/tweets" and the like) and forget what was used of them."""
        body = {"limits": limits or {}, "posts_a_day": posts_a_day, "most_webhooks": most_webhooks}
        self._call("PUT", "/sim/limits", json=body)

    def media(self, url: str) -> bytes:
        """The bytes of a picture of a post."""
        answer = self._http.get(url, timeout=30)
        answer.raise_for_status()
        return answer.content

    def close(self) -> None:
        self._http.close()

    def _post_to(
        self,
        path: str,
        author: str,
        text: str,
        images: Iterable[bytes | Path],
        reply_to: str | None,
        quote: str | None,
        repost: str | None,
        generation: str | None,
    ) -> dict[str, Any]:
        data = [image.read_bytes() if isinstance(image, Path) else image for image in images]
        body = {"author": author, "text": text, "images": [base64.b64encode(one).decode() for one in data]}
        refers = {"reply_to": reply_to, "quote": quote, "repost": repost, "generation": generation}
        return self._call("POST", path, json={**body, **refers})

    def _call(self, method: str, path: str, *, timeout: float = 30, **arguments: Any) -> dict[str, Any]:
        try:
            answer = self._http.request(method, self.url + path, timeout=timeout, **arguments)
        except requests.RequestException as error:
            raise TwbotError(f"The simulated X at {self.url} does not answer ({type(error).__name__}).") from None
        if not answer.ok:
            raise TwbotError(f"The simulated X refused ({answer.status_code}): {_detail(answer)}")
        found: dict[str, Any] = answer.json()
        return found


class Simulator(contextlib.AbstractContextManager["Simulator"]):
    """The simulated X as a process of its own, which ends with this one."""

    def __init__(
        self, data: Path, *, port: int = 0, host: str = "127.0.0.1", bot: str = "twbot", retry_delays: str | None = None
    ) -> None:
        self.control_token = secrets.token_urlsafe(32)
        command = [
            sys.executable,
            "-m",
            "twbot.local.simulator",
            "--data",
            str(data),
            "--host",
            host,
            "--port",
            str(port),
        ]
        command += ["--bot", bot, "--parent", str(os.getpid())]
        command += ["--retry-delays", retry_delays] if retry_delays is not None else []
        environment = {**os.environ, TOKEN_VARIABLE: self.control_token, "PYTHONPATH": os.pathsep.join(sys.path)}
        self.process = subprocess.Popen(  # noqa: S603
            command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
        )
        self.url = self._announced()
        self.client = SimulatorClient(self.url, self.control_token)

    def _announced(self) -> str:
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line:
            _, problem = self.process.communicate(timeout=START_SECONDS)
            raise TwbotError(f"The simulated X did not start: {problem.strip()[-500:]}")
        return str(msgspec.json.decode(line)["url"])

    def stop(self) -> None:
        """Within about a second."""
        self.process.terminate()
        try:
            self.process.wait(3)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        for stream in (self.process.stdout, self.process.stderr):
            if stream is not None:
                stream.close()

    def __exit__(self, *_: object) -> None:
        self.client.close()
        self.stop()


def _detail(answer: requests.Response) -> str:
    try:
        return str(answer.json().get("detail", ""))
    except ValueError:
        return answer.reason
