"""The users of the simulated X. A user is made when a name is used for the first time."""

from __future__ import annotations

import re
import secrets

from twbot.local.simulator.problems import invalid
from twbot.local.simulator.store import Row, Store, now_ms

USERNAME = re.compile(r"[A-Za-z0-9_]{1,15}")


class People:
    """Users by name and by id."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def named(self, username: str) -> Row | None:
        return self._store.row("SELECT * FROM users WHERE username = ?", username)

    def by_id(self, user_id: str) -> Row | None:
        return self._store.row("SELECT * FROM users WHERE id = ?", user_id)

    def ensure(self, username: str, *, user_id: str | None = None, created_ms: int | None = None) -> Row:
        """Return the user of that name, and create a missing one. Raises Problem for a name that X does not allow.

        `user_id`, `created_ms`: of a new one; None: the next id, and now.
        """
        if found := self.named(username):
            return found
        if not USERNAME.fullmatch(username):
            raise invalid("A username has 1 to 15 letters, digits or underscores.")
        name = username.replace("_", " ").strip().title() or username
        user_id = user_id or self._store.new_id()
        self._store.add("users", id=user_id, username=username, name=name, created_ms=created_ms or now_ms())
        return self.by_id(user_id) or {}

    def describe(
        self, user: Row, *, name: str | None = None, followers: int | None = None, verified: bool | None = None
    ) -> None:
        """Change what a user's profile says. None: as it is."""
        sql = """UPDATE users SET name = coalesce(?, name), followers = coalesce(?, followers),
                                  verified = coalesce(?, verified) WHERE id = ?"""
        self._store.run(sql, name, followers, None if verified is None else int(verified), user["id"])

    def give_token(self, username: str) -> Row:
        """Return the user of that name with an access token of the app. Create what is missing."""
        user = self.ensure(username)
        if not user["access_token"]:
            self._store.run(
                "UPDATE users SET access_token = ?, access_secret = ? WHERE id = ?",
                f"{user['id']}-{secrets.token_hex(20)}",
                secrets.token_hex(22) + "x",
                user["id"],
            )
        return self.by_id(user["id"]) or {}

    def revoke_token(self, user_id: str) -> None:
        self._store.run("UPDATE users SET access_token = NULL, access_secret = NULL WHERE id = ?", user_id)
