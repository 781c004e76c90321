"""The CloudWatch dashboard of a stage."""

from __future__ import annotations

from collections.abc import Sequence

from aws_cdk import aws_cloudwatch as cloudwatch
from constructs import Construct

from twbot.lambdas.contracts import DETAILS
from twbot.lambdas.folder.event_types import LIMITED
from twbot.lambdas.wiring import services
from twbot.stacks.config import StageConfig
from twbot.stacks.functions import functions
from twbot.stacks.monitoring import metrics


def add_dashboard(scope: Construct, stage: StageConfig) -> None:
    """Add the dashboard: events and webhook, functions and dead letters, waits and limits."""
    board = cloudwatch.Dashboard(scope, "Dashboard", dashboard_name=stage.prefix)
    board.add_widgets(
        _graph("What the bot did", [metrics.count(stage, kind) for kind in DETAILS]),
        _graph("Webhook", [metrics.webhook(stage, name) for name in ("Count", "4XXError", "5XXError")]),
        _graph("How long the webhook takes (ms)", [metrics.webhook(stage, "Latency", "p99")]),
    )
    board.add_widgets(
        _graph("Errors", [metrics.function(stage, name, "Errors") for name in functions()]),
        _graph(
            "How long functions take (ms)", [metrics.function(stage, name, "Duration", "p99") for name in functions()]
        ),
        _graph("Dead letters", [metrics.dead_letters(stage, service) for service in services()]),
    )
    board.add_widgets(
        _graph("How long replies wait (s)", [metrics.oldest_reply(stage)]),
        _graph("X's limits", [metrics.count(stage, LIMITED)]),
    )


def _graph(title: str, metrics: Sequence[cloudwatch.Metric]) -> cloudwatch.GraphWidget:
    return cloudwatch.GraphWidget(title=title, left=metrics, width=8, height=6)  # three to a row of 24
