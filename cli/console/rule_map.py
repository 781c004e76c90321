"""The rules as a map: event types on the left, the rules that take them, and the targets of each microservice."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from twbot.cli.operations.rules.matching import types_taken
from twbot.lambdas.folder.event_types import event_types
from twbot.lambdas.wiring import OWN, WEBHOOK_PUBLISHES, Rule

EVERY = "every event"
# In the units of the drawing, about a pixel each.
TYPES_AT, TYPE_WIDTH, TYPE_HEIGHT = 8, 280, 40
RULES_AT, RULE_WIDTH, RULE_HEIGHT = 410, 260, 44
TARGETS_AT, TARGET_WIDTH = 790, 360
GAP, HEADING = 8, 26
WIDTH = TARGETS_AT + TARGET_WIDTH + 8


class Node(NamedTuple):
    """A box of the map."""

    name: str
    x: float
    y: float
    width: float
    height: float
    under: str = ""
    """A second line: who publishes a type, what a target is and publishes."""

    @property
    def middle(self) -> float:
        return self.y + self.height / 2


class Service(NamedTuple):
    """A microservice: its heading, and the boxes of its targets."""

    name: str
    y: float
    targets: list[Node]


class Edge(NamedTuple):
    """A line between two boxes, as SVG's path."""

    path: str
    rule: str


class RuleMap(NamedTuple):
    """The whole drawing, WIDTH wide."""

    height: float
    types: list[Node]
    rules: list[Node]
    services: list[Service]
    edges: list[Edge]
    width: float = WIDTH


def map_of(rules: Sequence[Rule], counted: Mapping[str, int]) -> RuleMap:
    """Return the map of rules. `counted`: how often events of each type came, also of those that nobody declared."""
    placed, services, height = _place_rules(rules)
    types = _place_types(rules, placed, counted)
    height = max(height, types[-1].y + TYPE_HEIGHT + GAP)
    return RuleMap(height, types, list(placed.values()), services, _edges(rules, types, placed, services))


def node_of(kind: str) -> str:
    """Return the box of a type: X's raw events are many, and share one."""
    prefix = next((each.removesuffix("*") for each in WEBHOOK_PUBLISHES if each.endswith("*")), None)
    return f"{prefix}*" if prefix and kind.startswith(prefix) else kind


def _place_rules(rules: Sequence[Rule]) -> tuple[dict[str, Node], list[Service], float]:
    y, placed, services = float(GAP), dict[str, Node](), list[Service]()
    for name in dict.fromkeys(rule.service for rule in rules):
        top, y = y, y + HEADING
        own = [rule for rule in rules if rule.service == name]
        for rule in own:
            placed[rule.name] = Node(rule.name, RULES_AT, y, RULE_WIDTH, RULE_HEIGHT)
            y += RULE_HEIGHT + GAP
        targets = []
        for target in dict.fromkeys(rule.target for rule in own):
            those = [rule for rule in own if rule.target == target]
            first, last = placed[those[0].name], placed[those[-1].name]
            middle = (first.y + last.y) / 2
            targets.append(Node(target, TARGETS_AT, middle, TARGET_WIDTH, RULE_HEIGHT, _does(those)))
        services.append(Service(name, top, targets))
        y += GAP
    return placed, services, y


def _does(rules: Sequence[Rule]) -> str:
    """Return what the target of these rules is, of the bot's own ones, and what it publishes."""
    published = ", ".join(dict.fromkeys(each for rule in rules for each in rule.publishes))
    place = rules[0].description if rules[0].service == OWN or not published else ""
    return f"{place} → {published}".strip() if published else place


def _place_types(rules: Sequence[Rule], placed: Mapping[str, Node], counted: Mapping[str, int]) -> list[Node]:
    """Return the boxes of the types from top to bottom, each as near to the rules that take it as there is room."""
    takers: dict[str, list[float]] = {}
    for rule in rules:
        for kind in types_taken(rule.pattern) or [EVERY]:
            takers.setdefault(kind, []).append(placed[rule.name].middle)
    others = dict.fromkeys(node_of(each) for each in (*event_types(), *counted) if node_of(each) not in takers)
    wanted = {kind: sum(at) / len(at) for kind, at in takers.items()}
    # What only the rules for every event take has its place last.
    order = [*sorted(wanted, key=lambda kind: wanted[kind]), *others]
    nodes, y = [], float(GAP)
    for kind in order:
        y = max(y, wanted.get(kind, 0) - TYPE_HEIGHT / 2)
        nodes.append(Node(kind, TYPES_AT, y, TYPE_WIDTH, TYPE_HEIGHT, _publishers(kind, rules)))
        y += TYPE_HEIGHT + GAP
    return nodes


def _publishers(kind: str, rules: Sequence[Rule]) -> str:
    if kind == EVERY:
        return ""
    own = dict.fromkeys(rule.target for rule in rules if kind in rule.publishes)
    return ", ".join([*(["webhook"] if kind in WEBHOOK_PUBLISHES else []), *own])


def _edges(
    rules: Sequence[Rule], types: Sequence[Node], placed: Mapping[str, Node], services: Sequence[Service]
) -> list[Edge]:
    kinds = {node.name: node for node in types}
    targets = {(service.name, node.name): node for service in services for node in service.targets}
    edges = []
    for rule in rules:
        node = placed[rule.name]
        edges += [Edge(_curve(kinds[kind], node), rule.name) for kind in types_taken(rule.pattern) or [EVERY]]
        edges.append(Edge(_curve(node, targets[rule.service, rule.target]), rule.name))
    return edges


def _curve(start: Node, end: Node) -> str:
    left, right, top, bottom = start.x + start.width, end.x, start.middle, end.middle
    bend = (left + right) / 2
    return f"M{left:g} {top:g}C{bend:g} {top:g} {bend:g} {bottom:g} {right:g} {bottom:g}"
