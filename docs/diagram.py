"""Draws docs/pictures/architecture.svg: the microservices, and the events that go between them over the bus."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from twbot.lambdas.wiring import RULES, WEBHOOK_PUBLISHES, Rule

WIDTH, MARGIN, LINE = 880, 20, 19  # pixels
BUS, SERVICE, OUTSIDE = (MARGIN, 64), (340, 250), (720, 140)  # left edges and widths
TITLE = "The microservices of twbot: what each takes from the event bus, what it puts on it, and whom it meets outside"
STYLE = (
    "text{font-family:system-ui,sans-serif;font-size:13px;fill:#1c2128}.b{font-weight:600;font-size:14px}"
    ".e{font-family:ui-monospace,'DejaVu Sans Mono',Menlo,monospace;font-size:12px}.d{fill:#57606a;font-size:12px}"
    ".l{stroke:#7a8290;marker-end:url(#a)}"
)


class Service(NamedTuple):
    name: str
    does: str
    outside: str = ""
    """Whom it meets outside of the bus."""
    comes_in: bool = False
    """Whether they come to it, rather than it to them."""


# In the order in which a post passes them.
SERVICES = (
    Service("ingress", "checks X's signature", "X: webhooks", comes_in=True),
    Service("analysis", "reads text, pictures and faces", "models, or AWS's AI"),
    Service("alerting", "tells people", "email, chats, https"),
    Service("responding", "draws names; the chatbot", "the bot's folder"),
    Service("egress", "replies once, if it may", "X: replies"),
    Service("analytics", "keeps every event", "SQL"),
    Service("plumbing", "log and metrics"),
)


def diagram(path: Path) -> Iterator[tuple[Path, str]]:
    """Yield the path and text of the picture."""
    rows, top = list[str](), 56
    for service in SERVICES:
        flows = [*((name, True) for name in takes(service.name)), *((name, False) for name in publishes(service.name))]
        height = LINE * max(len(flows), 2) + 12
        rows.append(_row(service, flows, top, height))
        top += height + 14
    yield path, _svg("".join(rows), top)


def takes(service: str) -> list[str]:
    """Return the types of events that the rules of a microservice take."""
    return list(dict.fromkeys(name for rule in _rules(service) for name in rule.types or ["every event"]))


def publishes(service: str) -> list[str]:
    """Return the types of events that a microservice puts on the bus."""
    webhook = WEBHOOK_PUBLISHES if service == "ingress" else ()
    return list(dict.fromkeys((*webhook, *(name for rule in _rules(service) for name in rule.publishes))))


def _rules(service: str) -> list[Rule]:
    return [rule for rule in RULES if rule.service == service]


def _row(service: Service, flows: list[tuple[str, bool]], top: int, height: int) -> str:
    x, width = SERVICE
    middle = top + height // 2
    parts = [
        f'<rect x="{x}" y="{top}" width="{width}" height="{height}" rx="6" fill="#fff" stroke="#7a8290"/>',
        f'<text x="{x + 12}" y="{middle - 3}" class="b">{service.name}</text>',
        f'<text x="{x + 12}" y="{middle + 14}" class="d">{service.does}</text>',
    ]
    for at, (name, to_service) in enumerate(flows):
        y = middle + LINE * at - LINE * (len(flows) - 1) // 2
        ends = (sum(BUS) + 4, x - 6)
        parts.append(_arrow(*(ends if to_service else ends[::-1]), y + 4))
        parts.append(f'<text x="{sum(ends) / 2}" y="{y}" class="e" text-anchor="middle">{name}</text>')
    if service.outside:
        ends = (x + width + 4, OUTSIDE[0] - 6)
        parts.append(_arrow(*(ends[::-1] if service.comes_in else ends), middle))
        parts.append(f'<text x="{OUTSIDE[0]}" y="{middle + 4}">{service.outside}</text>')
    return "".join(parts)


def _arrow(start: float, end: float, y: float) -> str:
    return f'<line x1="{start}" y1="{y}" x2="{end}" y2="{y}" class="l"/>'


def _svg(body: str, bottom: int) -> str:
    x, width = BUS
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {bottom}" width="{WIDTH}" height="{bottom}" '
        f'role="img" aria-label="{TITLE}"><title>{TITLE}</title><style>{STYLE}</style>'
        '<marker id="a" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto">'
        '<path d="M0 0 8 4 0 8z" fill="#7a8290"/></marker>'
        f'<rect width="100%" height="100%" rx="8" fill="#f6f8fa"/>'
        f'<text x="{x}" y="36" class="b">event bus</text>'
        f'<text x="{SERVICE[0]}" y="36" class="b">microservices</text>'
        f'<text x="{OUTSIDE[0]}" y="36" class="b">outside</text>'
        f'<rect x="{x}" y="52" width="{width}" height="{bottom - 66}" rx="8" fill="#3f51b5"/>{body}</svg>\n'
    )
