"""The seven microservices of a stage."""

from __future__ import annotations

from constructs import Construct

from twbot.stacks.alerting import Alerting
from twbot.stacks.analysis import Analysis
from twbot.stacks.analytics import Analytics
from twbot.stacks.config import StageConfig
from twbot.stacks.egress import Egress
from twbot.stacks.ingress import Ingress
from twbot.stacks.plumbing import Plumbing
from twbot.stacks.responding import Responding


def add_system(scope: Construct, stage: StageConfig) -> None:
    """Add the stacks of a stage to a CDK app."""
    plumbing = Plumbing(scope, stage)
    Ingress(scope, stage, plumbing)
    analysis = Analysis(scope, stage, plumbing)
    Alerting(scope, stage, plumbing)
    Responding(scope, stage, plumbing, analysis)
    Egress(scope, stage, plumbing, analysis)
    Analytics(scope, stage, plumbing)
