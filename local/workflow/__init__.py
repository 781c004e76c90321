"""An interpreter of the Amazon States Language: it runs the workflow's definition that Step Functions runs on AWS.

The specification is https://states-language.net/spec.html. Only JSONPath is read, as decided in
docs/decisions/0002-the-workflow-is-written-in-jsonpath.md.
"""

from twbot.local.workflow.errors import BadDefinition, ExecutionFailed
from twbot.local.workflow.machine import Machine
from twbot.local.workflow.scope import Visit

__all__ = ["BadDefinition", "ExecutionFailed", "Machine", "Visit"]
