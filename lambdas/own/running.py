"""Imports and calls the functions of the bot's folder, in the process that is to run them."""

from __future__ import annotations

import asyncio
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
    """Return what the function returns, in JSON's types. Raises Temporary, Permanent, else FunctionFailed."""
    try:
        result = function(event, bot)
        if inspect.isawaitable(result):
            result = asyncio.run(_finished(result))
        return msgspec.to_builtins(result)
    except (Temporary, Permanent):
        raise
    except BaseException as error:
        raise _failed(run, error) from None


async def _finished(result: Any) -> Any:
    return await result


def _failed(run: str, error: BaseException) -> FunctionFailed:
    """Describe what a function raised: whatever it was, it must not end the process that called it."""
    lines = traceback.format_exception(error)
    return FunctionFailed(f"{run}: {type(error).__name__}: {error}", traceback="".join(lines))
