"""Turns what a stage's log groups hold into lines of the log: of the functions, of Lambda itself, of the webhook.

Powertools: https://docs.aws.amazon.com/powertools/python/latest/core/logger/
Lambda: https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs-logformat.html
"""

from __future__ import annotations

import datetime
import re
from typing import Any, NamedTuple

import msgspec

from twbot.cli.operations.logs.aws_workflow_lines import problem, step_in
from twbot.cli.operations.logs.records import Line

# Fields of Powertools, and of Lambda, that people do not read.
_NOISE = {"service", "location", "timestamp", "xray_trace_id", "sampling_rate", "stack_trace", "exception_name", "time"}
# Lambda's own lines about an invocation, as text: all is well, and something failed.
_CHATTER = re.compile(r"(START|END|REPORT|INIT_START|XRAY|EXTENSION|RESTORE_START|RESTORE_REPORT)\b")
_CRASH = re.compile(r"Task timed out|Runtime exited|Runtime\.|Traceback|\[ERROR\]|Error Type|signal: killed")
_REQUEST = re.compile(r"RequestId: ([0-9a-f-]{36})")


class Source(NamedTuple):
    """A log group, and who writes to it."""

    group: str
    service: str
    function: str
    """The name of the function, `workflow`, or `webhook`."""


def line_of(text: str, at: float, source: Source) -> Line:
    """Return the line of the log for a log event. `at`: its time in CloudWatch, in epoch seconds."""
    time = datetime.datetime.fromtimestamp(at, datetime.UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    line: Line = {"timestamp": time, "level": "INFO", "logger": f"twbot.{source.service}", "message": text.rstrip()}
    line |= {"correlation_id": None, "function": source.function}
    fields = _object(text)
    return line | (_plain(text) if fields is None else _structured(fields, text))


def _structured(fields: dict[str, Any], text: str) -> Line:
    # Metrics are log lines, too, in the embedded metric format.
    # https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
    if "_aws" in fields:
        return {"level": "DEBUG", "message": "metrics", **_extras(fields, "_aws")}
    if str(fields.get("type", "")).startswith("platform.") and isinstance(fields.get("record"), dict):
        return _platform(fields["type"].removeprefix("platform."), fields["record"])
    if "execution_arn" in fields:
        return _workflow(text)
    if "milliseconds" in fields and "status" in fields:
        return _webhook(fields)
    if "errorType" in fields:
        return {"level": "ERROR", "message": f"{fields['errorType']}: {fields.get('errorMessage', '')}"}
    return {**_extras(fields), "message": str(fields.get("message", text))}


def _extras(fields: dict[str, Any], *excluded: str) -> Line:
    return {name: value for name, value in fields.items() if name not in _NOISE and name not in excluded}


def _platform(what: str, record: dict[str, Any]) -> Line:
    """Return the line for a report of Lambda about an invocation: DEBUG, or ERROR where it failed."""
    request = {"function_request_id": record["requestId"]} if "requestId" in record else {}
    status = record.get("status", "success")
    if status == "success" and what != "logsDropped":
        return {"level": "DEBUG", "message": what, **request, **record.get("metrics", {})}
    reason = {"timeout": "the invocation took too long"}.get(status, "the invocation ended badly")
    error = {"error": record["errorType"]} if "errorType" in record else {}
    return {"level": "ERROR", "message": f"{what}: {reason}", **request, **error, **record.get("metrics", {})}


def _workflow(text: str) -> Line:
    """Return the line for a step of the workflow: DEBUG, because `twbot trace` shows steps, unless it failed."""
    step = step_in(text)
    if step is None:
        return {}
    failed = step.type.endswith(("Failed", "TimedOut", "Aborted"))
    level = {"level": "ERROR" if step.type.startswith("Execution") else "WARNING"} if failed else {"level": "DEBUG"}
    error = {"error": problem(step)} if failed else {}
    return {**level, "message": f"{step.type} {step.name or ''}".rstrip(), **error, "execution": step.execution_arn}


def _webhook(fields: dict[str, Any]) -> Line:
    status = str(fields["status"])
    level = {"5": "ERROR", "4": "WARNING"}.get(status[:1], "DEBUG")
    # API Gateway writes `-` for a variable without a value.
    # https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-logging.html
    names = ("ip", "bytes", "milliseconds", "error")
    more = {name: fields[name] for name in names if fields.get(name) not in {None, "-"}}
    return {"level": level, "message": f"{fields.get('method')} {fields.get('path')} {status}", **more}


def _plain(text: str) -> Line:
    request = _REQUEST.search(text)
    ids = {"function_request_id": request.group(1)} if request else {}
    if _CRASH.search(text):
        return {"level": "ERROR", **ids}
    return {"level": "DEBUG" if _CHATTER.match(text) else "INFO", **ids}


def _object(text: str) -> dict[str, Any] | None:
    try:
        return msgspec.json.decode(text, type=dict[str, Any])
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
