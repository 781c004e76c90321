"""One post: its trace as a waterfall, its pictures with what was found in them, its events."""

from __future__ import annotations

from typing import Any, NamedTuple

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from twbot.cli.console.pages import Console
from twbot.cli.errors import CliError, Exit
from twbot.cli.operations.traces.conversations import Picture, as_dict, as_dicts, conversation_of
from twbot.cli.operations.traces.port import traces_of
from twbot.cli.operations.traces.records import OF_EVERY_EVENT, Span, Trace
from twbot.lambdas.x.post_ids import is_id

DEPTHS = {"event": 0, "alert": 1, "delivery": 1, "log": 2, "step": 2}


class Row(NamedTuple):
    """A span in the waterfall. `left` and `width`: in percent of the whole."""

    span: Span
    name: str
    depth: int
    after: float
    """Seconds since the beginning."""
    left: float
    width: float


class Box(NamedTuple):
    """A frame on a picture, in percent of its sides."""

    kind: str
    says: str
    left: float
    top: float
    width: float
    height: float


def routes(console: Console) -> list[Route]:
    def post(request: Request) -> Response:
        tweet_id = request.path_params["tweet_id"]
        traces = traces_of(console.target)
        trace = traces.of(tweet_id) if is_id(tweet_id) else None
        if trace is None:
            hint = f"Look at what came: {console.command('tail', '--since', '1h')}"
            raise CliError("The bot has heard nothing of this post.", hint=hint, code=Exit.NOT_FOUND)
        life = request.query_params.get("replay")
        if life is not None and life not in trace.replays:
            raise CliError("No such replay reached this post.", code=Exit.NOT_FOUND)
        events = traces.events(tweet_id)
        first = [each for each in events if each.replay_name is None] or events
        return console.page(
            request,
            "post.html",
            title=f"Post {tweet_id}",
            c=conversation_of(first, trace),
            rows=rows_of(trace, life, all_steps="steps" in request.query_params),
            life=life,
            replays=trace.replays,
            boxes=boxes_of,
            events=events,
        )

    return [Route("/post/{tweet_id}", post)]


def rows_of(trace: Trace, life: str | None = None, *, all_steps: bool) -> list[Row]:
    """Return the rows of the waterfall.

    `life`: the replay whose they are; None for what was first. Without `all_steps` those are left out that took no time
    and say nothing.
    """
    lives = {each.replay for each in trace.moments}
    # Where a post came by replays only, the first of them is its life.
    chosen = life if life in lives else trace.moments[0].replay
    spans = [each for each in trace.moments if each.replay == chosen and (all_steps or _says_something(each))]
    # A replayed event has the time of its original, long before what was done with it.
    own = [each.start for each in spans if each.kind != "event" or each.replay is None]
    start = min(own or [each.start for each in spans])
    end = max(start, *(each.end for each in spans))
    whole = max(end - start, 0.001)
    return [
        Row(
            each,
            each.name.rpartition(".")[2] if each.kind == "step" else each.name,
            DEPTHS[each.kind] + (each.name.count(".") if each.kind == "step" else 0),
            max(each.start - start, 0.0),
            round(max(100 * (each.start - start) / whole, 0.0), 2),
            round(max(100 * (each.end - each.start) / whole, 0.4), 2),
        )
        for each in spans
    ]


def _says_something(span: Span) -> bool:
    if span.error or span.state != "done" or span.attempts > 1:
        return True
    if span.kind == "delivery":
        return span.name not in OF_EVERY_EVENT
    return span.kind != "step" or span.end - span.start >= 0.001


def boxes_of(picture: Picture) -> list[Box]:
    """Return the frames of what was found in a picture."""
    found = picture.analysis
    faces = [
        ("celebrity", each.get("Name"), as_dict(each.get("Face"))) for each in as_dicts(found.get("CelebrityFaces"))
    ]
    faces += [("face", "somebody", each) for each in as_dicts(found.get("UnrecognizedFaces"))]
    labels = [
        ("label", label.get("Name"), instance)
        for label in as_dicts(found.get("Labels"))
        for instance in as_dicts(label.get("Instances"))
    ]
    texts = [
        ("text", each.get("DetectedText"), as_dict(each.get("Geometry")))
        for each in as_dicts(found.get("TextDetections"))
        if each.get("Type") != "WORD"
    ]
    boxes = [_box(kind, says, where) for kind, says, where in (*labels, *texts, *faces)]
    return [each for each in boxes if each is not None]


def _box(kind: str, says: object, where: dict[str, Any]) -> Box | None:
    box = as_dict(where.get("BoundingBox"))
    sides = [box.get(name) for name in ("Left", "Top", "Width", "Height")]
    if not all(isinstance(each, int | float) for each in sides):
        return None
    left, top, width, height = (round(100 * float(each or 0), 2) for each in sides)
    return Box(kind, str(says), left, top, width, height)
