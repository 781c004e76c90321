"""The seven microservices of a stage."""

from __future__ import annotations

from constructs import Construct

from stacks.alerting import Alerting
from stacks.analysis import Analysis
from stacks.analytics import Analytics
from stacks.config import Stage
from stacks.egress import Egress
from stacks.ingress import Ingress
from stacks.plumbing import Plumbing
from stacks.responding import Responding


def add_system(scope: Construct, stage: Stage) -> None:
    plumbing = Plumbing(scope, stage)
    Ingress(scope, stage, plumbing)
    analysis = Analysis(scope, stage, plumbing)
    Alerting(scope, stage, plumbing)
    Responding(scope, stage, plumbing, analysis)
    Egress(scope, stage, plumbing, analysis)
    Analytics(scope, stage, plumbing)
