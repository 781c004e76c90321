"""The event types of the X Activity API: their prices, who may subscribe to them, and which the bot needs."""

from __future__ import annotations

import msgspec

PROFILE = [
    "bio",
    "profile_picture",
    "banner_picture",
    "screenname",
    "geo",
    "url",
    "verified_badge",
    "affiliate_badge",
    "handle",
]
CHAT = ["join", "member_added", "member_removed", "admin_added", "admin_removed"]


class Activity(msgspec.Struct, frozen=True):
    """An event type."""

    name: str
    price: float | None
    """USD for each delivered event; None where X publishes no price."""
    private: bool = False
    """Whether only the account itself may subscribe, with its user token."""
    use: str | None = None
    """What the bot does with it; None where the bot does not need it."""


# Prices: https://docs.x.com/x-api/activity/event-pricing (pay per use). oauth.revoke needs no subscription.
_TABLE = (
    Activity("post.mention.create", 0.005, True, "answers it"),
    Activity("post.quote.create", 0.005, True, "answers it"),
    Activity("post.reply.create", 0.005, True, "analyses it, answers where it mentions the bot"),
    Activity("post.delete", 0.0, False, "knows that a post of its own is gone"),
    Activity("post.create", 0.005),
    Activity("post.repost.create", 0.005, True),
    Activity("like.create", 0.001, True),
    Activity("follow.follow", 0.01),
    Activity("follow.unfollow", 0.01),
    Activity("dm.received", 0.01, True),
    Activity("dm.sent", 0.0, True),
    Activity("dm.indicate_typing", None, True),
    Activity("dm.read", None, True),
    Activity("mute.mute", 0.001, True),
    Activity("mute.unmute", 0.001, True),
    Activity("block.block", 0.001, True),
    Activity("block.unblock", 0.001, True),
    Activity("chat.received", 0.01, True),
    Activity("chat.sent", 0.0, True),
    *(Activity(f"chat.conversation.{name}", None, True) for name in CHAT),
    Activity("chat.update.group_name", None, True),
    Activity("chat.update.restrictions", None, True),
    *(Activity(f"profile.update.{name}", 0.005) for name in PROFILE),
    Activity("spaces.start", 0.005),
    Activity("spaces.end", 0.005),
    Activity("broadcast.start", None),
    Activity("broadcast.end", None),
    Activity("broadcast.chat", None, True),
    Activity("news.new", None),
)
ACTIVITIES = {activity.name: activity for activity in _TABLE}
# What the bot subscribes to by default.
NEEDED = tuple(activity.name for activity in _TABLE if activity.use)
