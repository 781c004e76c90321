"""The chatbot on Lex V2, made of lambdas/responding/chatbot.json."""

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

LEX = "lexv2.amazonaws.com"
ALIAS = "live"
CONFIDENCE_THRESHOLD = 0.4
FORGETS_AFTER = 300


class Chatbot(Construct):
    """Bot → version → alias. A changed definition makes a new version, which the alias then stands for."""

    def __init__(self, scope: Construct, name: str, stage: StageConfig, *, fulfilment: lambda_.IFunction) -> None:
        super().__init__(scope, name)
        wanted = definition()
        bot = lex.CfnBot(
            self,
            "Bot",
            name=f"{wanted.name}-{stage.name}",
            role_arn=iam.Role(self, "Role", assumed_by=iam.ServicePrincipal(LEX)).role_arn,
            data_privacy={"ChildDirected": False},
            idle_session_ttl_in_seconds=FORGETS_AFTER,
            auto_build_bot_locales=True,
            bot_locales=[_locale(wanted)],
        )
        version = self._version(bot, wanted.locale)
        alias = self._alias(bot, version, wanted, fulfilment)
        self.arn = (
            f"arn:{Aws.PARTITION}:lex:{Aws.REGION}:{Aws.ACCOUNT_ID}:bot-alias/{bot.ref}/{alias.attr_bot_alias_id}"
        )
        self.environment = {
            "BOT_ID": bot.ref,
            "BOT_ALIAS_ID": alias.attr_bot_alias_id,
            "LOCALE_ID": wanted.locale,
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
        built = Stack.of(self).resolve(bot.bot_locales)
        content = hashlib.sha256(msgspec.json.encode(built, order="deterministic")).hexdigest()
        draft = lex.CfnBotVersion.BotVersionLocaleDetailsProperty(source_bot_version="DRAFT")
        specification = lex.CfnBotVersion.BotVersionLocaleSpecificationProperty(
            locale_id=locale, bot_version_locale_details=draft
        )
        return lex.CfnBotVersion(
            self, f"Version{content[:12]}", bot_id=bot.ref, bot_version_locale_specification=[specification]
        )

    def _alias(
        self, bot: lex.CfnBot, version: lex.CfnBotVersion, wanted: Definition, fulfilment: lambda_.IFunction
    ) -> lex.CfnBotAlias:
        hook = lex.CfnBotAlias.LambdaCodeHookProperty(
            lambda_arn=fulfilment.function_arn, code_hook_interface_version="1.0"
        )
        setting = lex.CfnBotAlias.BotAliasLocaleSettingsProperty(
            enabled=True,
            code_hook_specification=lex.CfnBotAlias.CodeHookSpecificationProperty(lambda_code_hook=hook),
        )
        item = lex.CfnBotAlias.BotAliasLocaleSettingsItemProperty(
            locale_id=wanted.locale, bot_alias_locale_setting=setting
        )
        return lex.CfnBotAlias(
            self,
            "Alias",
            bot_id=bot.ref,
            bot_alias_name=ALIAS,
            bot_version=version.attr_bot_version,
            bot_alias_locale_settings=[item],
        )


def _locale(wanted: Definition) -> lex.CfnBot.BotLocaleProperty:
    return lex.CfnBot.BotLocaleProperty(
        locale_id=wanted.locale,
        nlu_confidence_threshold=CONFIDENCE_THRESHOLD,
        intents=[*map(_intent, wanted.intents), _intent(wanted.fallback, signature="AMAZON.FallbackIntent")],
    )


def _intent(wanted: Intent, signature: str | None = None) -> lex.CfnBot.IntentProperty:
    utterances = [lex.CfnBot.SampleUtteranceProperty(utterance=utterance) for utterance in wanted.utterances]
    return lex.CfnBot.IntentProperty(
        name=wanted.name,
        parent_intent_signature=signature,
        sample_utterances=utterances or None,
        fulfillment_code_hook={"enabled": True} if wanted.fulfilled else None,
        intent_closing_setting=_closing(wanted.replies) if wanted.replies else None,
    )


def _closing(replies: Sequence[str]) -> lex.CfnBot.IntentClosingSettingProperty:
    """One of the replies, by chance: a message and its variations."""
    first, *others = [
        lex.CfnBot.MessageProperty(plain_text_message=lex.CfnBot.PlainTextMessageProperty(value=reply))
        for reply in replies
    ]
    group = lex.CfnBot.MessageGroupProperty(message=first, variations=others or None)
    said = lex.CfnBot.ResponseSpecificationProperty(message_groups_list=[group], allow_interrupt=False)
    return lex.CfnBot.IntentClosingSettingProperty(closing_response=said, is_active=True)
