"""Starts the simulated X as a process, and calls its control API."""

from __future__ import annotations

import base64
import contextlib
import os
import secrets
import subprocess
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import msgspec
import requests

from twbot.lambdas.environment import CONTROL_TOKEN
from twbot.lambdas.errors import TwbotError
from twbot.lambdas.ports import Keys
from twbot.local.child_python import import_path, python

TOKEN_HEADER = "x-control-token"  # noqa: S105 (a header's name)
START_SECONDS = 20.0
TOKEN_VARIABLE = CONTROL_TOKEN.name


class SimulatorClient:
    """A client of the control API. Raises TwbotError where a call fails.

    A post is a dict {"id", "author", "text", "media", "reply_to", …}, as control.show makes it.
    """

    def __init__(self, url: str, control_token: str) -> None:
        self.url = url.rstrip("/")
        self._http = requests.Session()
        self._http.trust_env = False
        self._http.headers[TOKEN_HEADER] = control_token

    def keys(self, user: str | None = None) -> Keys:
        """Return the app's keys with the access token of the bot, or of another user."""
        return msgspec.convert(self._call("GET", "/sim/keys", params={"user": user} if user else None), Keys)

    def all_keys(self, user: str | None = None) -> dict[str, str]:
        """Return the keys by their names in twbot, with the account's name and the app's id."""
        return self._call("GET", "/sim/keys", params={"user": user} if user else None)

    def bot(self) -> str:
        """Return the bot's username."""
        return str(self._call("GET", "/sim/keys")["Username"])

    def page(self) -> str:
        """Return the address of the page for people, with its token."""
        return str(self._call("GET", "/sim/page")["url"])

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
        language: str | None = None,
        followers: int | None = None,
        verified: bool | None = None,
    ) -> dict[str, Any]:
        """Post as any user, and return the post.

        generation: deliver it as "v1.1" or "x-activity" only
        language: what X says of the text, an ISO 639-1 code
        followers, verified: what the author's profile shows from now on
        """
        known = {"language": language, "followers": followers, "verified": verified}
        return self._post_to("/sim/posts", author, text, images, reply_to, quote, repost, generation, **known)

    def edit(self, post_id: str, text: str, *, force: bool = False, generation: str | None = None) -> dict[str, Any]:
        """Edit a post as its author. Return the new version, which has a new id and all ids in `edit_history`.

        `force`: against X's rules (five edits within an hour, no reply to somebody else).
        """
        body = {"text": text, "force": force, "generation": generation}
        return self._call("POST", f"/sim/posts/{post_id}/edit", json=body)

    def forge(
        self, author: str, text: str, *, images: Iterable[bytes | Path] = (), generation: str | None = None
    ) -> dict[str, Any]:
        """Deliver a post once with a wrong signature. Return it with the webhook's answer as `status`."""
        return self._post_to("/sim/forge", author, text, images, None, None, None, generation)

    def resend(self, post_id: str) -> list[int]:
        """Repeat the deliveries about a post. Return the new deliveries' ids."""
        return list(self._call("POST", f"/sim/posts/{post_id}/resend")["deliveries"])

    def act(self, kind: str, author: str, **details: Any) -> dict[str, Any]:
        """Act as a user. Kinds and their details:

        like, delete: post=ID. follow, block, mute, unfollow, unblock, unmute, typing, read: to=USERNAME.
        dm: to=USERNAME, text=TEXT. revoke: none.
        """
        return self._call("POST", "/sim/actions", json={"kind": kind, "author": author, **details})

    def get(self, post_id: str) -> dict[str, Any]:
        return self._call("GET", f"/sim/posts/{post_id}")

    def posts(self, author: str | None = None) -> list[dict[str, Any]]:
        return list(self._call("GET", "/sim/posts", params={"author": author} if author else None)["posts"])

    def conversation(self, post_id: str) -> list[dict[str, Any]]:
        return list(self._call("GET", f"/sim/posts/{post_id}/conversation")["posts"])

    def replies(self, post_id: str, *, timeout: float = 0, author: str | None = None) -> list[dict[str, Any]]:
        """Return the replies to a post. Wait up to `timeout` seconds for the first."""
        query = {"to": post_id, "timeout": str(timeout), **({"author": author} if author else {})}
        return list(self._call("GET", "/sim/replies", params=query, timeout=timeout + 10)["posts"])

    def deliveries(
        self, post_id: str | None = None, *, state: str | None = None, attempts: bool = False
    ) -> list[dict[str, Any]]:
        """Return the deliveries: id, generation, event, post_id, state, tries, status, ms, fault.

        `state`: pending, delivered or failed. `attempts`: with each try, its signature and the webhook's answer.
        """
        query = {name: value for name, value in (("post", post_id), ("state", state)) if value}
        query |= {"attempts": "yes"} if attempts else {}
        return list(self._call("GET", "/sim/deliveries", params=query)["deliveries"])

    def fail(
        self,
        kind: str,
        *,
        count: int | None = 1,
        call: str = "POST /2/tweets",
        seconds: float = 2.0,
        share: float = 1.0,
    ) -> list[dict[str, Any]]:
        """Have the next `count` calls of `call` fail. Kinds are those of limits.FailureKind. Return all to come.

        count: None for all, until `mend`
        call: a method and path, or "*" for every call
        seconds: until a rate limit's reset, of a timeout, or by which an answer or a delivery is late
        share: the part of the calls that fail, chosen at random
        """
        body = {"kind": kind, "count": count, "call": call, "seconds": seconds, "share": share}
        return list(self._call("POST", "/sim/failures", json=body)["failures"])

    def failures(self) -> list[dict[str, Any]]:
        """Return the failures to come."""
        return list(self._call("GET", "/sim/failures")["failures"])

    def plan(self, failures: Iterable[dict[str, Any]], *, seed: int | None = None) -> list[dict[str, Any]]:
        """Replace the failures to come. `seed`: choose the same calls each time, where they come in the same order."""
        return list(self._call("PUT", "/sim/failures", json={"failures": [*failures], "seed": seed})["failures"])

    def mend(self, failure_id: int | None = None) -> list[dict[str, Any]]:
        """Take away one failure, or all. Return those that are left."""
        path = "/sim/failures" if failure_id is None else f"/sim/failures/{failure_id}"
        return list(self._call("DELETE", path)["failures"])

    def limits(
        self,
        limits: dict[str, int] | None = None,
        *,
        posts_a_day: int | None = None,
        max_webhooks: int | None = None,
        duplicates: bool | None = None,
    ) -> None:
        """Change rate limits, by names such as "POST /2/tweets", and reset all counts.

        duplicates: whether an account may post the same text again at once, which X refuses
        """
        body = {"limits": limits or {}, "posts_a_day": posts_a_day, "most_webhooks": max_webhooks}
        self._call("PUT", "/sim/limits", json={**body, "duplicates": duplicates})

    def export(self) -> bytes:
        """Return what the simulated X knows, as a document for `take_in`: local/simulator/state.py."""
        return msgspec.json.format(msgspec.json.encode(self._call("GET", "/sim/state", timeout=300)))

    def take_in(self, document: bytes) -> dict[str, int]:
        """Add what a document says, all of it or nothing. Return how many accounts, posts and relations it had."""
        return self._call("POST", "/sim/state", data=document, timeout=300)

    def reset(self) -> None:
        """Forget accounts, posts, deliveries and failures; what the app has goes on working."""
        self._call("DELETE", "/sim/state", timeout=60)

    def media(self, url: str) -> bytes:
        """Return the bytes of a post's picture."""
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
        **known: Any,
    ) -> dict[str, Any]:
        data = [image.read_bytes() if isinstance(image, Path) else image for image in images]
        body = {"author": author, "text": text, "images": [base64.b64encode(one).decode() for one in data]}
        options = {"reply_to": reply_to, "quote": quote, "repost": repost, "generation": generation}
        return self._call("POST", path, json={**body, **options, **known})

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
    """A simulated X in a process of its own, which ends with this process. Raises TwbotError if it does not start."""

    def __init__(
        self, data: Path, *, port: int = 0, host: str = "127.0.0.1", bot: str = "twbot", retry_delays: str | None = None
    ) -> None:
        self.control_token = secrets.token_urlsafe(32)
        command = python("-m", "twbot.local.simulator", "--data", str(data), "--host", host, "--port", str(port))
        command += ["--bot", bot, "--parent", str(os.getpid())]
        command += ["--retry-delays", retry_delays] if retry_delays is not None else []
        environment = {**os.environ, TOKEN_VARIABLE: self.control_token, "PYTHONPATH": import_path()}
        # A file: nobody reads a pipe while it runs, and a full one would stop it.
        self._said = tempfile.TemporaryFile("w+")  # noqa: SIM115 (closed by stop)
        # A session of its own: Ctrl-C in the terminal must stop the bot first, which then stops the simulated X.
        self.process = subprocess.Popen(  # noqa: S603
            command, env=environment, stdout=subprocess.PIPE, stderr=self._said, text=True, start_new_session=True
        )
        self.url = self._announced()
        self.client = SimulatorClient(self.url, self.control_token)

    def _announced(self) -> str:
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line:
            self.process.wait(START_SECONDS)
            self._said.seek(0)
            problem = self._said.read()
            raise TwbotError(f"The simulated X did not start: {problem.strip()[-500:]}")
        said = msgspec.json.decode(line)
        if "error" in said:
            self.stop()
            raise TwbotError(f"The simulated X did not start: {said['error']}", said["hint"])
        return str(said["url"])

    def stop(self) -> None:
        """Stop the process. It takes about a second, at most three."""
        self.process.terminate()
        try:
            self.process.wait(3)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        if self.process.stdout is not None:
            self.process.stdout.close()
        self._said.close()

    def __exit__(self, *_: object) -> None:
        self.client.close()
        self.stop()


def _detail(answer: requests.Response) -> str:
    try:
        return str(answer.json().get("detail", ""))
    except ValueError:
        return answer.reason
