"""The pages that are read. Each runs in a thread: the simulated X answers bots meanwhile."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from twbot.local.simulator import webhooks
from twbot.local.simulator.deliveries import SIGNATURE, USER_AGENT
from twbot.local.simulator.events import ACCOUNT_ACTIVITY, X_ACTIVITY
from twbot.local.simulator.limits import ANY_CALL
from twbot.local.simulator.page import timeline
from twbot.local.simulator.page.faults import SWITCHES
from twbot.local.simulator.page.rendering import pretty, pretty_bytes, render
from twbot.local.simulator.store import Row
from twbot.local.simulator.world import World

DELIVERIES = 50  # on a page
ACCOUNTS = 200
MENU = (
    ("/page/", "Timeline"),
    ("/page/accounts", "Accounts"),
    ("/page/deliveries", "Deliveries"),
    ("/page/webhooks", "Webhooks"),
    ("/page/limits", "Limits"),
    ("/page/faults", "Faults"),
)
STATES = ("pending", "delivered", "failed")
Given = Mapping[str, str]


class _Given(dict[str, str]):
    """A form's fields: those that are not there are empty."""

    def __missing__(self, _: str) -> str:
        return ""


class Views:
    """Makes pages. `given` is what somebody typed into a form that was refused, and `error` why it was."""

    def __init__(self, world: World, calls: list[str]) -> None:
        self._world = world
        self._calls = calls

    def timeline(self, request: Request, *, error: str = "", given: Given | None = None) -> Response:
        before = _number(request.query_params.get("before", ""))
        shown, more = timeline.conversations(self._world, before)
        return self._page("timeline.html", "Timeline", error, given, conversations=shown, more=more, before=before)

    def post(self, request: Request, *, error: str = "", given: Given | None = None) -> Response:
        post = self._world.posts.any(request.path_params["id"])
        if post is None:
            raise HTTPException(404, "There is no such post.")
        world = self._world
        bodies = [(name, world.events.forged(post, name)) for name in (ACCOUNT_ACTIVITY, X_ACTIVITY)]
        shapes = [("The post at API v2", world.v2.post(post)), ("The post at API v1.1", world.v1.post(post))]
        shapes += [(f"As {_generation(name)} delivers it", body) for name, body in bodies]
        sql = "SELECT * FROM deliveries WHERE post_id = ? ORDER BY id DESC LIMIT ?"
        return self._page(
            "post.html",
            f"Post {post.id}",
            error,
            given,
            post=post,
            conversation=timeline.conversation(world, post.conversation_id),
            shapes=[(title, pretty(shape)) for title, shape in shapes],
            deliveries=world.store.rows(sql, post.id, DELIVERIES),
        )

    def accounts(self, request: Request, *, error: str = "", given: Given | None = None) -> Response:
        searched = request.query_params.get("name", "")
        sql = """SELECT u.*, (SELECT count(*) FROM posts p WHERE p.author_id = u.id AND p.deleted = 0) AS posts,
                        (SELECT count(*) FROM relations r WHERE r.kind = 'follow' AND r.target = u.id) AS followed_by
                 FROM users u WHERE instr(lower(u.username), lower(?)) ORDER BY u.created_ms DESC, u.id DESC LIMIT ?"""
        rows = self._world.store.rows(sql, searched.lstrip("@"), ACCOUNTS + 1)
        users = [{**row, "is_bot": timeline.is_bot(self._world, row)} for row in rows[:ACCOUNTS]]
        more = len(rows) > ACCOUNTS
        return self._page("accounts.html", "Accounts", error, given, users=users, searched=searched, more=more)

    def account(self, request: Request, *, error: str = "", given: Given | None = None) -> Response:
        world = self._world
        user = world.people.named(request.path_params["username"])
        if user is None:
            raise HTTPException(404, "There is no such account.")
        sql = """SELECT kind, (SELECT username FROM users WHERE id = source) AS source,
                        (SELECT username FROM users WHERE id = target) AS target FROM relations
                 WHERE kind != 'like' AND ? IN (source, target) ORDER BY kind LIMIT 100"""
        return self._page(
            "account.html",
            f"@{user['username']}",
            error,
            given,
            user=user,
            is_bot=timeline.is_bot(world, user),
            relations=world.store.rows(sql, user["id"]),
            posts=timeline.posts_of(world, user["id"]),
            shapes=[
                ("The account at API v2", pretty(world.v2.user(user))),
                ("The account at API v1.1", pretty(world.v1.user(user))),
            ],
        )

    def deliveries(self, request: Request) -> Response:
        before = _number(request.query_params.get("before", "")) or 2**63 - 1
        state = request.query_params.get("state", "")
        chosen = (state,) if state in STATES else STATES
        sql = f"""SELECT * FROM deliveries WHERE id < ? AND state IN ({", ".join("?" * len(chosen))})
                  ORDER BY id DESC LIMIT ?"""  # noqa: S608 (question marks only)
        rows = self._world.store.rows(sql, before, *chosen, DELIVERIES + 1)
        more = rows[DELIVERIES - 1]["id"] if len(rows) > DELIVERIES else None
        shown = {"deliveries": rows[:DELIVERIES], "more": more, "state": state, "states": STATES}
        return self._page("deliveries.html", "Deliveries", "", None, **shown)

    def delivery(self, request: Request) -> Response:
        sql = """SELECT d.*, w.url FROM deliveries d LEFT JOIN webhooks w ON w.id = d.webhook_id WHERE d.id = ?"""
        row = self._world.store.row(sql, request.path_params["id"])
        if row is None:
            raise HTTPException(404, "There is no such delivery.")
        attempts = self._world.deliveries.attempts(row["id"])
        shown = {"delivery": row, "attempts": attempts, "body": pretty_bytes(row["body"])}
        return self._page(
            "delivery.html", f"Delivery {row['id']}", "", None, **shown, agent=USER_AGENT, header=SIGNATURE
        )

    def webhooks(self, _: Request, *, error: str = "") -> Response:
        world = self._world
        accounts = "SELECT a.*, u.username FROM account_subscriptions a LEFT JOIN users u ON u.id = a.user_id"
        activities = "SELECT * FROM activity_subscriptions ORDER BY event_type LIMIT 500"
        return self._page(
            "webhooks.html",
            "Webhooks",
            error,
            None,
            webhooks=webhooks.all_of(world),
            accounts=world.store.rows(accounts),
            activities=world.store.rows(activities),
        )

    def limits(self, _: Request, *, error: str = "", given: Given | None = None) -> Response:
        world = self._world
        names = {row["id"]: f"@{row['username']}" for row in world.store.rows("SELECT id, username FROM users")}
        used = [each._replace(caller=names.get(each.caller, each.caller)) for each in world.limits.used()]
        return self._page(
            "limits.html",
            "Limits",
            error,
            given,
            used=used,
            changed=world.limits.changed,
            posts_a_day=world.limits.posts_a_day,
            duplicates=world.posts.takes_duplicates,
        )

    def faults(self, _: Request, *, error: str = "", given: Given | None = None) -> Response:
        coming = self._world.failures.coming
        return self._page("faults.html", "Faults", error, given, switches=SWITCHES, coming=coming, any_call=ANY_CALL)

    def problem(self, title: str, detail: str, status: int) -> Response:
        return HTMLResponse(render("problem.html", **self._frame(title, detail, None)), status)

    def _page(self, template: str, title: str, error: str, given: Given | None, **values: Any) -> Response:
        page = render(template, **self._frame(title, error, given), **values)
        return HTMLResponse(page, 400 if error else 200)

    def _frame(self, title: str, error: str, given: Given | None) -> dict[str, Any]:
        sql = "SELECT username FROM users ORDER BY created_ms DESC LIMIT 50"
        return {
            "title": title,
            "menu": MENU,
            "error": error,
            "given": _Given(given or {}),
            "revision": self._world.revision(),
            "bot": self._world.store.setting("bot"),
            "names": [row["username"] for row in self._world.store.rows(sql)],
            "calls": self._calls,
            "generations": (ACCOUNT_ACTIVITY, X_ACTIVITY),
            "url": self._world.base_url,
        }


def _generation(name: str) -> str:
    return {ACCOUNT_ACTIVITY: "the Account Activity API", X_ACTIVITY: "the X Activity API"}[name]


def _number(text: str) -> int | None:
    """Return a number of at most 19 digits; None for anything else."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 20 else None


def deliveries_of(world: World, delivery_id: int) -> Row:
    """Return a delivery. Raises HTTPException 404."""
    row = world.store.row("SELECT * FROM deliveries WHERE id = ?", delivery_id)
    if row is None:
        raise HTTPException(404, "There is no such delivery.")
    return row
