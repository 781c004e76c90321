"""What the forms of the page do: the same as the control API."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from typing import Any

import msgspec
from starlette.datastructures import FormData, UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import Message

from twbot.local.simulator import acts, problems, webhooks
from twbot.local.simulator.limits import DELIVERIES, DELIVERY_KINDS, Failure
from twbot.local.simulator.page.views import deliveries_of
from twbot.local.simulator.world import World

MAX_PICTURES = 4
# X's largest pictures, and the texts.
MAX_BODY = MAX_PICTURES * 15_000_000 + 1_000_000
MAX_TEXT = 100_000  # bytes of a field
FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")


class Sent:
    """The fields of a form that was sent."""

    def __init__(self, form: FormData) -> None:
        self._form = form

    def __getitem__(self, name: str) -> str:
        """Return a field without spaces around it, empty where there is none."""
        value = self._form.get(name, "")
        return value.strip() if isinstance(value, str) else ""

    def or_none(self, name: str) -> str | None:
        return self[name] or None

    def number(self, name: str, words: str) -> int | None:
        """Return a whole number, None where nothing was typed. `words`: what the field is called on the page."""
        text = self[name]
        if not text:
            return None
        if not (text.isascii() and text.isdigit() and len(text) <= 9):
            raise problems.invalid(f"{words}: a whole number, please.")
        return int(text)

    def given(self) -> dict[str, str]:
        """Return what was typed, to show it again."""
        return {name: value for name, value in self._form.multi_items() if isinstance(value, str)}

    async def pictures(self) -> list[bytes]:
        files = [each for each in self._form.getlist("pictures") if isinstance(each, UploadFile) and each.filename]
        return [await file.read() for file in files]


@contextlib.asynccontextmanager
async def read(request: Request) -> AsyncIterator[Sent]:
    """Read a form. Raises Problem where it is too large or none."""
    if not request.headers.get("content-type", "").startswith(FORMS):
        raise problems.invalid("This is no form.")
    limited = Request(request.scope, _limited(request))
    try:
        form = await limited.form(max_files=MAX_PICTURES, max_fields=60, max_part_size=MAX_TEXT)
    except HTTPException as error:
        too_many = f"A post has at most {MAX_PICTURES} pictures."
        raise problems.invalid(too_many if "files" in error.detail else error.detail) from None
    try:
        yield Sent(form)
    finally:
        await form.close()


def _limited(request: Request) -> Any:
    taken = 0

    async def receive() -> Message:
        nonlocal taken
        message = await request.receive()
        taken += len(message.get("body", b""))
        if taken > MAX_BODY:
            raise problems.problem(413, "Payload Too Large", f"That is more than {MAX_BODY // 1_000_000} MB.")
        return message

    return receive


async def new_post(world: World, sent: Sent, _: Request) -> str:
    pictures = await sent.pictures()
    if not (sent["text"] or pictures or sent["repost"]):
        raise problems.invalid("Write a text, or choose a picture.")
    asked = _convert(
        {
            "author": sent["author"].lstrip("@"),
            "text": sent["text"],
            "alt_texts": [line.strip() or None for line in sent["alt_texts"].splitlines()],
            **{name: sent.or_none(name) for name in ("reply_to", "quote", "repost", "generation", "language")},
            "followers": sent.number("followers", "Followers"),
            "verified": True if sent["verified"] else None,
        },
        acts.NewPost,
    )
    post = acts.post(world, asked, pictures, checked=not sent["unchecked"])
    return sent["next"] if sent["next"].startswith("/page/") else f"/page/#post-{post.chain}"


async def edit(world: World, sent: Sent, request: Request) -> str:
    if not sent["text"]:
        raise problems.invalid("Write the new text.")
    post = acts.edit(world, request.path_params["id"], acts.Edit(sent["text"], force=bool(sent["force"])))
    return f"/page/posts/{post.id}"


async def act_on_post(world: World, sent: Sent, request: Request) -> str:
    """Like or delete a post."""
    post_id = request.path_params["id"]
    asked = {"kind": sent["kind"], "author": sent["author"].lstrip("@"), "post": post_id}
    acts.act(world, _convert(asked, acts.Action))
    return f"/page/posts/{post_id}"


async def resend_post(world: World, _: Sent, request: Request) -> str:
    post_id = request.path_params["id"]
    for row in world.store.rows("SELECT * FROM deliveries WHERE post_id = ? ORDER BY id", post_id):
        world.deliveries.again(row)
    return f"/page/posts/{post_id}"


async def describe(world: World, sent: Sent, _: Request) -> str:
    """Make an account, or change what its profile says."""
    followers = sent.number("followers", "Followers")
    user = world.people.ensure(sent["author"].lstrip("@"))
    world.people.describe(user, followers=followers, verified=bool(sent["verified"]))
    return f"/page/accounts/{user['username']}"


async def act_on_account(world: World, sent: Sent, request: Request) -> str:
    username = request.path_params["username"]
    asked = {"kind": sent["kind"], "author": username, "to": sent["to"].lstrip("@"), "text": sent["text"]}
    if sent["kind"] != "revoke" and not asked["to"]:
        raise problems.invalid("Say to whom: a username.")
    acts.act(world, _convert(asked, acts.Action))
    return f"/page/accounts/{username}"


async def resend(world: World, _: Sent, request: Request) -> str:
    return f"/page/deliveries/{world.deliveries.again(deliveries_of(world, request.path_params['id']))}"


async def challenge(world: World, _: Sent, request: Request) -> str:
    await webhooks.validate(world, request.path_params["id"])
    return "/page/webhooks"


async def remove_webhook(world: World, _: Sent, request: Request) -> str:
    webhooks.remove(world, request.path_params["id"])
    return "/page/webhooks"


async def change_limits(world: World, sent: Sent, _: Request) -> str:
    number = sent.number("limit", "Calls in 15 minutes")
    limits = {sent["call"]: number} if number is not None else {}
    a_day = sent.number("posts_a_day", "Posts of the app in a day")
    acts.change_limits(world, acts.Changed(limits, posts_a_day=a_day, duplicates=bool(sent["duplicates"])))
    return "/page/limits"


async def switch_on(world: World, sent: Sent, _: Request) -> str:
    percent = sent.number("percent", "Per cent")
    asked = {
        "kind": sent["kind"],
        "count": None if sent["do"] == "on" else 1,
        "call": DELIVERIES if sent["kind"] in DELIVERY_KINDS else sent["call"],
        "seconds": sent.number("seconds", "Seconds") or 0,
        "share": (100 if percent is None or sent["do"] != "on" else percent) / 100,
    }
    world.failures.add(_convert(asked, Failure))
    return "/page/faults"


async def switch_off(world: World, _: Sent, request: Request) -> str:
    world.failures.remove(request.path_params["id"])
    return "/page/faults"


async def all_off(world: World, _: Sent, __: Request) -> str:
    world.failures.clear()
    return "/page/faults"


def _convert(asked: dict[str, Any], as_type: Any) -> Any:
    try:
        return msgspec.convert(asked, as_type)
    except msgspec.ValidationError as error:
        raise problems.invalid(str(error)) from None
