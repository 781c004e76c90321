"""Bodies that the trials sign themselves: X's own samples of both generations, about posts that stand on X."""

from __future__ import annotations

import copy
import json
from typing import Any

from tests.prove.rig import Rig
from tests.support.paths import EVENTS

Json = dict[str, Any]
V1 = json.loads((EVENTS / "account_activity/tweet_create_events.mention.json").read_text())
V2 = json.loads((EVENTS / "x_activity/post.mention.create.json").read_text())
SAMPLE_BOT = "1111111111111111111"


def put_on_x(rig: Rig, author: str, text: str) -> Json:
    """Put a post on X. X delivers nothing of it that the bot would accept: its one delivery is wrongly signed."""
    post = rig.sim("POST", "/sim/forge", {"author": author, "text": text})
    rig.trial.check(post["status"] in (401, 403, 0), f"a wrong signature was answered {post['status']}")
    return post


def v1(rig: Rig, post: Json) -> Json:
    """Return the body of the Account Activity API about a post."""
    return v1_for(rig.bot_id, post)


def v2(rig: Rig, post: Json, event: str = "post.mention.create", *, named: bool = True) -> Json:
    """Return the body of the X Activity API about a post. `named`: with its author's name and whom it mentions."""
    return v2_for(rig.bot_id, post, event, named=named)


def v1_for(bot_id: str, post: Json) -> Json:
    body: Json = copy.deepcopy(V1)
    body["for_user_id"] = bot_id
    tweet = body["tweet_create_events"][0]
    tweet |= {"id": int(post["id"]), "id_str": post["id"], "text": post["text"]}
    tweet["user"] |= {"id": int(post["author_id"]), "id_str": post["author_id"], "screen_name": post["author"]}
    mention = tweet["entities"]["user_mentions"][0]
    mention |= {"id": int(bot_id), "id_str": bot_id, "screen_name": "twbot", "indices": [0, 6]}
    return body


def v2_for(
    bot_id: str,
    post: Json,
    event: str = "post.mention.create",
    *,
    named: bool = True,
    versions: list[str] | None = None,
) -> Json:
    body: Json = json.loads(json.dumps(V2).replace(SAMPLE_BOT, bot_id))
    data = body["data"]
    data |= {"event_uuid": f"{post['id']}-{event}", "event_type": event}
    data["payload"] |= {"id": post["id"], "text": post["text"], "author_id": post["author_id"]}
    data["payload"] |= {"edit_history_tweet_ids": versions or [post["id"]], "conversation_id": post["id"]}
    mention = {"start": 0, "end": 6, "username": "twbot", "id": bot_id}
    data["payload"]["entities"] = {"mentions": [mention]} if named else {}
    users = data["includes"]["users"]
    users[0] |= {"id": post["author_id"], "username": post["author"]}
    data["includes"]["users"] = users if named else users[1:]
    return body
