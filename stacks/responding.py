"""Responding stack: MESSAGE_ANALYSED → image function, or text function → Lex → fulfilment function → SEND_TWEET."""

from __future__ import annotations

from aws_cdk import CfnOutput
from constructs import Construct

from twbot.lambdas.folder.folder import bot_folder
from twbot.stacks.analysis import Analysis
from twbot.stacks.config import StageConfig
from twbot.stacks.constructs.access import allow
from twbot.stacks.constructs.chatbot import Chatbot
from twbot.stacks.constructs.function import Function, behaviour
from twbot.stacks.constructs.rules import DeadLetters, WiredRule, grant_rule_invoke
from twbot.stacks.constructs.service import Service
from twbot.stacks.own_access import grant_own
from twbot.stacks.plumbing import Plumbing


class Responding(Service):
    """The functions that write replies, the chatbot, and a rule for each kind of message."""

    def __init__(self, scope: Construct, stage: StageConfig, plumbing: Plumbing, analysis: Analysis) -> None:
        super().__init__(scope, "Responding", stage)
        self._stage, self._plumbing, self._analysis = stage, plumbing, analysis
        self._dead_letters = DeadLetters(self, stage, "responding")
        environment = {
            **plumbing.function_environment,
            "SETTINGS": behaviour(stage),
            "MEDIA_BUCKET": analysis.media.bucket_name,
        }
        self._answer("answer-images", self._image_function(environment, analysis))
        self._answer("answer-texts", self._text_function(environment))

    def _image_function(self, environment: dict[str, str], analysis: Analysis) -> Function:
        function = Function(self, "image", self._stage, environment, dead_letters=self._dead_letters)
        analysis.grant_use_media(function, ["s3:GetObject", "s3:PutObject"])
        return function

    def _text_function(self, environment: dict[str, str]) -> Function:
        fulfilment = Function(self, "fulfilment", self._stage, environment)
        grant_own(fulfilment, self._stage, self._plumbing, self._analysis)
        chatbot = Chatbot(self, "Chatbot", self._stage, bot_folder(), fulfilment=fulfilment)
        environment = {**environment, **chatbot.environment}
        function = Function(self, "text", self._stage, environment, dead_letters=self._dead_letters)
        allow(function, ["lex:RecognizeText"], [chatbot.arn])
        for name, value in {**chatbot.environment, "LOCALE_ID": chatbot.locale}.items():
            CfnOutput(self, name.title().replace("_", ""), value=value)
        return function

    def _answer(self, rule: str, function: Function) -> None:
        self._plumbing.grant_publish(function)
        grant_own(function, self._stage, self._plumbing, self._analysis)
        wired = WiredRule(
            self,
            rule,
            self._stage,
            bus=self._plumbing.bus,
            target=function.function_arn,
            dead_letters=self._dead_letters,
        )
        grant_rule_invoke(function, wired)
