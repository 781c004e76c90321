"""The chatbot on Lex V2, built from bot/chatbot.toml of the bot's folder and those of its other languages."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence

import msgspec
from aws_cdk import Aws, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_lex as lex
from constructs import Construct

from twbot.lambdas.folder.folder import BotFolder
from twbot.lambdas.folder.records import ChatbotFile, Intent
from twbot.lambdas.responding.lex_limits import (
    FALLBACK,
    MAX_REPLIES,
    MAX_REPLY_LENGTH,
    lex_utterances,
    locale_of,
    refuse_unfit,
)
from twbot.stacks.config import SESSION_TTL, StageConfig
from twbot.stacks.constructs.access import service_principal

LEX = "lexv2.amazonaws.com"
ALIAS = "live"
# Lex's own default: https://docs.aws.amazon.com/lexv2/latest/dg/using-intent-confidence-scores.html
CONFIDENCE_THRESHOLD = 0.4


# Lex builds no locale without an intent. The text function does not ask about such a language.
NOTHING = Intent(name="Nothing", utterances=["nothing at all"])


class Chatbot(Construct):
    """Bot → version → alias, with a locale for each language. A changed one makes a new version: the alias moves to it.

    Raises TwbotError for what Lex would refuse.
    """

    def __init__(
        self, scope: Construct, name: str, stage: StageConfig, folder: BotFolder, *, fulfilment: lambda_.IFunction
    ) -> None:
        super().__init__(scope, name)
        refuse_unfit(folder)
        locales = {str(locale_of(language)): folder.chatbots[language] for language in folder.languages}
        bot = lex.CfnBot(
            self,
            "Bot",
            name=stage.prefix,
            role_arn=iam.Role(self, "Role", assumed_by=service_principal(LEX)).role_arn,
            data_privacy={"ChildDirected": False},
            idle_session_ttl_in_seconds=SESSION_TTL,
            auto_build_bot_locales=True,
            bot_locales=[_locale(locale, chatbot) for locale, chatbot in locales.items()],
        )
        version = self._version(bot, locales)
        alias = self._alias(bot, version, locales, fulfilment)
        self.arn = (
            f"arn:{Aws.PARTITION}:lex:{Aws.REGION}:{Aws.ACCOUNT_ID}:bot-alias/{bot.ref}/{alias.attr_bot_alias_id}"
        )
        self.environment = {"BOT_ID": bot.ref, "BOT_ALIAS_ID": alias.attr_bot_alias_id}
        self.locale = next(iter(locales))
        lambda_.CfnPermission(
            self,
            "MayFulfil",
            action="lambda:InvokeFunction",
            function_name=fulfilment.function_arn,
            principal=LEX,
            source_arn=self.arn,
        )

    def _version(self, bot: lex.CfnBot, locales: Iterable[str]) -> lex.CfnBotVersion:
        # A Lex version never changes and CloudFormation never makes a second one of the same resource, so the logical
        # id contains a hash of what the version is built from.
        built = Stack.of(self).resolve(bot.bot_locales)
        content = hashlib.sha256(msgspec.json.encode(built, order="deterministic")).hexdigest()
        draft = lex.CfnBotVersion.BotVersionLocaleDetailsProperty(source_bot_version="DRAFT")
        specifications = [
            lex.CfnBotVersion.BotVersionLocaleSpecificationProperty(locale_id=locale, bot_version_locale_details=draft)
            for locale in locales
        ]
        return lex.CfnBotVersion(
            self, f"Version{content[:12]}", bot_id=bot.ref, bot_version_locale_specification=specifications
        )

    def _alias(
        self, bot: lex.CfnBot, version: lex.CfnBotVersion, locales: Iterable[str], fulfilment: lambda_.IFunction
    ) -> lex.CfnBotAlias:
        hook = lex.CfnBotAlias.LambdaCodeHookProperty(
            lambda_arn=fulfilment.function_arn, code_hook_interface_version="1.0"
        )
        setting = lex.CfnBotAlias.BotAliasLocaleSettingsProperty(
            enabled=True,
            code_hook_specification=lex.CfnBotAlias.CodeHookSpecificationProperty(lambda_code_hook=hook),
        )
        items = [
            lex.CfnBotAlias.BotAliasLocaleSettingsItemProperty(locale_id=locale, bot_alias_locale_setting=setting)
            for locale in locales
        ]
        return lex.CfnBotAlias(
            self,
            "Alias",
            bot_id=bot.ref,
            bot_alias_name=ALIAS,
            bot_version=version.attr_bot_version,
            bot_alias_locale_settings=items,
        )


def _locale(locale: str, chatbot: ChatbotFile) -> lex.CfnBot.BotLocaleProperty:
    return lex.CfnBot.BotLocaleProperty(
        locale_id=locale,
        nlu_confidence_threshold=CONFIDENCE_THRESHOLD,
        intents=[*map(_intent, chatbot.intents or [NOTHING]), _fallback(chatbot)],
    )


def _intent(intent: Intent) -> lex.CfnBot.IntentProperty:
    return lex.CfnBot.IntentProperty(
        name=intent.name,
        sample_utterances=[lex.CfnBot.SampleUtteranceProperty(utterance=each) for each in lex_utterances(intent)],
        fulfillment_code_hook={"enabled": True} if intent.run else None,
        intent_closing_setting=_closing(intent.replies) if intent.replies else None,
    )


def _fallback(chatbot: ChatbotFile) -> lex.CfnBot.IntentProperty:
    return lex.CfnBot.IntentProperty(
        name=FALLBACK,
        parent_intent_signature="AMAZON.FallbackIntent",
        intent_closing_setting=_closing(chatbot.fallback.replies),
    )


def _closing(replies: Sequence[str]) -> lex.CfnBot.IntentClosingSettingProperty:
    """Let Lex choose at random among as many of the replies as it takes: a message and its variations.

    Who talks to Lex itself gets them. The text function chooses among all of them.
    """
    first, *others = [
        lex.CfnBot.MessageProperty(
            plain_text_message=lex.CfnBot.PlainTextMessageProperty(value=reply[:MAX_REPLY_LENGTH])
        )
        for reply in replies[:MAX_REPLIES]
    ]
    group = lex.CfnBot.MessageGroupProperty(message=first, variations=others or None)
    response = lex.CfnBot.ResponseSpecificationProperty(message_groups_list=[group], allow_interrupt=False)
    return lex.CfnBot.IntentClosingSettingProperty(closing_response=response, is_active=True)
