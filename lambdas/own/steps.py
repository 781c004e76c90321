"""What a step of the bot's folder gets from the workflow, and what it may answer."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from twbot.lambdas.contracts import Event
from twbot.lambdas.errors import BadEvent, Permanent
from twbot.lambdas.folder.folder import bot_folder
from twbot.lambdas.folder.records import Step
from twbot.lambdas.own.calls import call_of
from twbot.lambdas.ports import Functions

_log = logging.getLogger("twbot.own")
# Bytes of JSON that the steps of a text, or of an image, may answer together. With those of four images and all that
# the detectors find it stays below the 256 KiB of a workflow's state, which would cost the whole message:
# https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html
MAX_BYTES = 16_000


def answer_step(step: Step, payload: Mapping[str, Any], functions: Functions, steps: Sequence[Step]) -> dict[str, Any]:
    """Call the step and return its answer, for Analysis.Own.

    payload: {"Event": the MESSAGE_RECEIVED, "Image"?: {"Key": of the image in the media store}}
    steps: all of the bot's folder

    Raises what `Functions.call` does, and Permanent for an answer that is no JSON object or too large.
    """
    answer = functions.call(call_of(bot_folder(), step.name, step.run, step), _event(payload))
    if not isinstance(answer, dict):
        raise _refused(step, f"a step returns a dict, for Analysis.Own.{step.name}; got {type(answer).__name__}.")
    limit = MAX_BYTES // sum(each.of == step.of for each in steps)
    if (size := len(msgspec.json.encode(answer))) > limit:
        raise _refused(step, f"its answer has {size} bytes of JSON; the workflow has room for {limit}.")
    return answer


def _refused(step: Step, reason: str) -> Permanent:
    """Return the error, which is in the log, too: the workflow goes on without the answer."""
    _log.error("%s: %s", step.run, reason, extra={"rule": step.name})
    return Permanent(f"{step.run}: {reason}")


def _event(payload: Mapping[str, Any]) -> Event:
    try:
        event = msgspec.convert(payload["Event"], Event)
    except (KeyError, msgspec.ValidationError) as error:
        raise BadEvent(f"not the payload of a step: {error}") from None
    if (image := payload.get("Image")) is None:
        return event
    return msgspec.structs.replace(event, detail={**event.detail, "Image": image})
