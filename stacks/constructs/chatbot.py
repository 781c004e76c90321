"""The chatbot on Lex V2, built from lambdas/responding/chatbot.json."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import msgspec
from aws_cdk import Aws, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_lex as lex
from constructs import Construct

from twbot.lambdas.responding.chatbot import Definition, Intent, definition
from twbot.stacks.config import StageConfig
from twbot.stacks.constructs.access import service_principal

LEX = "lexv2.amazonaws.com"
ALIAS = "live"
# Lex's own default: https://docs.aws.amazon.com/lexv2/latest/dg/using-intent-confidence-scores.html
CONFIDENCE_THRESHOLD = 0.4
# Seconds until an idle session ends: Lex's own default, too.
SESSION_TTL = 300


class Chatbot(Construct):
    """Bot → version → alias. A changed definition makes a new version, and the alias moves to it."""

    def __init__(self, scope: Construct, name: str, stage: StageConfig, *, fulfilment: lambda_.IFunction) -> None:
        super().__init__(scope, name)
        chatbot = definition()
        bot = lex.CfnBot(
            self,
            "Bot",
            name=f"{chatbot.name}-{stage.name}",
            role_arn=iam.Role(self, "Role", assumed_by=service_principal(LEX)).role_arn,
            data_privacy={"ChildDirected": False},
            idle_session_ttl_in_seconds=SESSION_TTL,
            auto_build_bot_locales=True,
            bot_locales=[_locale(chatbot)],
        )
        version = self._version(bot, chatbot.locale)
        alias = self._alias(bot, version, chatbot, fulfilment)
        self.arn = (
            f"arn:{Aws.PARTITION}:lex:{Aws.REGION}:{Aws.ACCOUNT_ID}:bot-alias/{bot.ref}/{alias.attr_bot_alias_id}"
        )
        self.environment = {
            "BOT_ID": bot.ref,
            "BOT_ALIAS_ID": alias.attr_bot_alias_id,
            "LOCALE_ID": chatbot.locale,
        }
        lambda_.CfnPermission(
            self,
            "MayFulfil",
            action="lambda:InvokeFunction",
            function_name=fulfilment.function_arn,
            principal=LEX,
            source_arn=self.arn,
        )

    def _version(self, bot: lex.CfnBot, locale: str) -> lex.CfnBotVersion:
        # A Lex version never changes and CloudFormation never makes a second one of the same resource, so the logical
        # id contains a hash of what the version is built from.
        locales = Stack.of(self).resolve(bot.bot_locales)
        content = hashlib.sha256(msgspec.json.encode(locales, order="deterministic")).hexdigest()
        draft = lex.CfnBotVersion.BotVersionLocaleDetailsProperty(source_bot_version="DRAFT")
        specification = lex.CfnBotVersion.BotVersionLocaleSpecificationProperty(
            locale_id=locale, bot_version_locale_details=draft
        )
        return lex.CfnBotVersion(
            self, f"Version{content[:12]}", bot_id=bot.ref, bot_version_locale_specification=[specification]
        )

    def _alias(
        self, bot: lex.CfnBot, version: lex.CfnBotVersion, chatbot: Definition, fulfilment: lambda_.IFunction
    ) -> lex.CfnBotAlias:
        hook = lex.CfnBotAlias.LambdaCodeHookProperty(
            lambda_arn=fulfilment.function_arn, code_hook_interface_version="1.0"
        )
        setting = lex.CfnBotAlias.BotAliasLocaleSettingsProperty(
            enabled=True,
            code_hook_specification=lex.CfnBotAlias.CodeHookSpecificationProperty(lambda_code_hook=hook),
        )
        item = lex.CfnBotAlias.BotAliasLocaleSettingsItemProperty(
            locale_id=chatbot.locale, bot_alias_locale_setting=setting
        )
        return lex.CfnBotAlias(
            self,
            "Alias",
            bot_id=bot.ref,
            bot_alias_name=ALIAS,
            bot_version=version.attr_bot_version,
            bot_alias_locale_settings=[item],
        )


def _locale(chatbot: Definition) -> lex.CfnBot.BotLocaleProperty:
    return lex.CfnBot.BotLocaleProperty(
        locale_id=chatbot.locale,
        nlu_confidence_threshold=CONFIDENCE_THRESHOLD,
        intents=[*map(_intent, chatbot.intents), _intent(chatbot.fallback, signature="AMAZON.FallbackIntent")],
    )


def _intent(intent: Intent, signature: str | None = None) -> lex.CfnBot.IntentProperty:
    utterances = [lex.CfnBot.SampleUtteranceProperty(utterance=utterance) for utterance in intent.utterances]
    return lex.CfnBot.IntentProperty(
        name=intent.name,
        parent_intent_signature=signature,
        sample_utterances=utterances or None,
        fulfillment_code_hook={"enabled": True} if intent.fulfilled else None,
        intent_closing_setting=_closing(intent.replies) if intent.replies else None,
    )


def _closing(replies: Sequence[str]) -> lex.CfnBot.IntentClosingSettingProperty:
    """Let Lex choose one of the replies at random: a message and its variations."""
    first, *others = [
        lex.CfnBot.MessageProperty(plain_text_message=lex.CfnBot.PlainTextMessageProperty(value=reply))
        for reply in replies
    ]
    group = lex.CfnBot.MessageGroupProperty(message=first, variations=others or None)
    response = lex.CfnBot.ResponseSpecificationProperty(message_groups_list=[group], allow_interrupt=False)
    return lex.CfnBot.IntentClosingSettingProperty(closing_response=response, is_active=True)
