"""Amazon States Language on one machine: the definition that Step Functions runs, interpreted."""

from local.workflow.errors import BadDefinition, ExecutionFailed
from local.workflow.machine import Machine
from local.workflow.scope import Visit

__all__ = ["BadDefinition", "ExecutionFailed", "Machine", "Visit"]
