"""The microservices of a stage: the seven of twbot, and what the bot's folder adds."""

from __future__ import annotations

from aws_cdk import Environment
from constructs import Construct

from twbot.lambdas.analytics.table import DATABASE, TABLE
from twbot.lambdas.folder.folder import project
from twbot.lambdas.wiring import OWN
from twbot.stacks.alerting import Alerting
from twbot.stacks.analysis import Analysis
from twbot.stacks.analytics import Analytics
from twbot.stacks.config import StageConfig
from twbot.stacks.egress import Egress
from twbot.stacks.extra import Lake, Twbot, add_extra
from twbot.stacks.ingress import Ingress
from twbot.stacks.names import stack_services
from twbot.stacks.own import Own
from twbot.stacks.plumbing import Plumbing
from twbot.stacks.responding import Responding


def add_system(scope: Construct, stage: StageConfig) -> None:
    """Add the stacks of a stage to a CDK app. Raises TwbotError where the bot's folder is at fault."""
    plumbing = Plumbing(scope, stage)
    Ingress(scope, stage, plumbing)
    analysis = Analysis(scope, stage, plumbing)
    alerting = Alerting(scope, stage, plumbing)
    Responding(scope, stage, plumbing, analysis)
    Egress(scope, stage, plumbing, analysis)
    analytics = Analytics(scope, stage, plumbing)
    if OWN in stack_services():
        Own(scope, stage, plumbing, analysis)
    environment = Environment(account=stage.aws.account, region=stage.aws.region)
    lake = Lake(analytics.lake, stage.named(DATABASE), TABLE)
    add_extra(scope, stage, Twbot(plumbing.bus, alerting.topic, lake, analysis.media, environment), project())
