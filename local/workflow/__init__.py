"""Amazon States Language on one machine: the definition that Step Functions runs, interpreted."""

from twbot.local.workflow.errors import BadDefinition, ExecutionFailed
from twbot.local.workflow.machine import Machine
from twbot.local.workflow.scope import Visit

__all__ = ["BadDefinition", "ExecutionFailed", "Machine", "Visit"]
