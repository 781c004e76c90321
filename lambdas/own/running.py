"""Imports and calls the functions of the bot's folder, in the process that is to run them."""

from __future__ import annotations

import importlib
import inspect
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

from twbot.lambdas.contracts import Event
from twbot.lambdas.errors import FunctionFailed, Permanent, Temporary
from twbot.lambdas.own.bot import Bot

Function = Callable[[Event, Bot], Any]
# What Lambda returns at most: https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
MAX_RESULT = 6 * 1024 * 1024


def load(run: str, folder: Path) -> Function:
    """Return the function of `module:name`, imported from the folder or from twbot. Raises FunctionFailed."""
    if str(folder) not in sys.path:
        sys.path.insert(0, str(folder))
    module, _, name = run.partition(":")
    try:
        found = getattr(importlib.import_module(module), name)
    except BaseException as error:
        raise _failed(run, error) from None
    if not callable(found):
        raise FunctionFailed(f"{run} is no function.")
    function: Function = found
    return function


def call(run: str, function: Function, event: Event, bot: Bot) -> Any:
    """Return what the function returns, in JSON's types. Raises Temporary, Permanent, else FunctionFailed.

    A result that JSON can't say, or of more than MAX_RESULT bytes, is a failure, too.
    """
    bot._begin(event)
    try:
        result = function(event, bot)
        if inspect.isawaitable(result):
            result = _finished(result)
    except (Temporary, Permanent):
        raise
    except BaseException as error:
        raise _failed(run, error) from None
    try:
        text = msgspec.json.encode(result)
        plain = msgspec.json.decode(text)
    except Exception as error:
        raise FunctionFailed(f"{run} returned what JSON can't say: {_text(error)}") from None
    if len(text) > MAX_RESULT:
        raise FunctionFailed(f"{run} returned {len(text)} bytes of JSON; {MAX_RESULT} are the limit.")
    return plain


def _finished(result: Any) -> Any:
    import asyncio  # most functions do without it, and it takes as long to load as the rest

    async def finish() -> Any:
        return await result

    return asyncio.run(finish())


def _failed(run: str, error: BaseException) -> FunctionFailed:
    """Describe what a function raised: whatever it was, it must not end the process that called it."""
    # Without the frame of the caller in this module.
    frames = error.__traceback__.tb_next if error.__traceback__ else None
    lines = traceback.format_exception(type(error), error, frames)
    return FunctionFailed(f"{run}: {type(error).__name__}: {_text(error)}", traceback="".join(lines))


def _text(error: BaseException) -> str:
    try:
        return str(error)
    except Exception:  # a __str__ that fails must not hide the error
        return "its text cannot be had"
