"""The lines of a stage's log groups, as lines of the log everywhere: our functions', Lambda's own, and the webhook's.

Powertools': https://docs.aws.amazon.com/powertools/python/latest/core/logger/
Lambda's own: https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs-logformat.html
"""

from __future__ import annotations

import datetime
import re
from typing import Any, NamedTuple

import msgspec

from twbot.cli.operations.logs.aws_workflow_lines import problem, step_in
from twbot.cli.operations.logs.records import Line

_NOISE = {"service", "location", "timestamp", "xray_trace_id", "sampling_rate", "stack_trace", "exception_name", "time"}
_CHATTER = re.compile(r"(START|END|REPORT|INIT_START|XRAY|EXTENSION|RESTORE_START|RESTORE_REPORT)\b")
_CRASH = re.compile(r"Task timed out|Runtime exited|Runtime\.|Traceback|\[ERROR\]|Error Type|signal: killed")
_REQUEST = re.compile(r"RequestId: ([0-9a-f-]{36})")


class Source(NamedTuple):
    """A log group: whose it is. `function`: the function's name, or workflow, or webhook."""

    group: str
    service: str
    function: str


def line_of(text: str, at: float, source: Source) -> Line:
    """A line for people; `at` is when CloudWatch has it."""
    time = datetime.datetime.fromtimestamp(at, datetime.UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    line: Line = {"timestamp": time, "level": "INFO", "logger": f"twbot.{source.service}", "message": text.rstrip()}
    line |= {"correlation_id": None, "function": source.function}
    said = _object(text)
    return line | (_plain(text) if said is None else _structured(said, text))


def _structured(said: dict[str, Any], text: str) -> Line:
    if "_aws" in said:
        return {"level": "DEBUG", "message": "metrics", **_more(said, "_aws")}
    if str(said.get("type", "")).startswith("platform.") and isinstance(said.get("record"), dict):
        return _platform(said["type"].removeprefix("platform."), said["record"])
    if "execution_arn" in said:
        return _workflow(text)
    if "milliseconds" in said and "status" in said:
        return _webhook(said)
    if "errorType" in said:
        return {"level": "ERROR", "message": f"{said['errorType']}: {said.get('errorMessage', '')}"}
    return {**_more(said), "message": str(said.get("message", text))}


def _more(said: dict[str, Any], *besides: str) -> Line:
    return {name: value for name, value in said.items() if name not in _NOISE and name not in besides}


def _platform(what: str, record: dict[str, Any]) -> Line:
    """Lambda's own report of an invocation: only what went wrong is loud."""
    request = {"function_request_id": record["requestId"]} if "requestId" in record else {}
    status = record.get("status", "success")
    if status == "success" and what != "logsDropped":
        return {"level": "DEBUG", "message": what, **request, **record.get("metrics", {})}
    why = {"timeout": "the invocation took too long"}.get(status, "the invocation ended badly")
    error = {"error": record["errorType"]} if "errorType" in record else {}
    return {"level": "ERROR", "message": f"{what}: {why}", **request, **error, **record.get("metrics", {})}


def _workflow(text: str) -> Line:
    """Each step is for `twbot trace`; here, what failed."""
    step = step_in(text)
    if step is None:
        return {}
    failed = step.type.endswith(("Failed", "TimedOut", "Aborted"))
    told = {"level": "ERROR" if step.type.startswith("Execution") else "WARNING"} if failed else {"level": "DEBUG"}
    error = {"error": problem(step)} if failed else {}
    return {**told, "message": f"{step.type} {step.name or ''}".rstrip(), **error, "execution": step.execution_arn}


def _webhook(said: dict[str, Any]) -> Line:
    status = str(said["status"])
    level = {"5": "ERROR", "4": "WARNING"}.get(status[:1], "DEBUG")
    more = {name: said[name] for name in ("ip", "bytes", "milliseconds", "error") if said.get(name) not in {None, "-"}}
    return {"level": level, "message": f"{said.get('method')} {said.get('path')} {status}", **more}


def _plain(text: str) -> Line:
    request = _REQUEST.search(text)
    known = {"function_request_id": request.group(1)} if request else {}
    if _CRASH.search(text):
        return {"level": "ERROR", **known}
    return {"level": "DEBUG" if _CHATTER.match(text) else "INFO", **known}


def _object(text: str) -> dict[str, Any] | None:
    try:
        return msgspec.json.decode(text, type=dict[str, Any])
    except (msgspec.DecodeError, msgspec.ValidationError):
        return None
