"""docs/permissions.md: what an operator's credentials need."""

from __future__ import annotations

import ast

import pytest

from docs.permissions import FOLDERS, ROOT, actions, services_of


@pytest.mark.parametrize(
    "action",
    [
        "logs:StartQuery",
        "logs:FilterLogEvents",
        "events:StartReplay",
        "sqs:PurgeQueue",
        "sns:Subscribe",
        "lambda:InvokeFunction",
        "secretsmanager:GetSecretValue",
        "kms:GenerateDataKey",
    ],
)
def test_calls_are_found_however_they_are_written(action: str) -> None:
    """On a client, on one handed over, by a paginator's name, or by a name that is looked up."""
    assert action in actions()


def test_commands_make_no_clients_of_other_services() -> None:
    """What they call would not be told: they hand clients on to where calls are looked for."""
    looked_at = [ROOT / folder for folder in FOLDERS]
    others = [path for path in (ROOT / "cli").rglob("*.py") if not any(map(path.is_relative_to, looked_at))]
    trees = [ast.parse(path.read_text("utf-8")) for path in others]
    made = {service for tree in trees for service in services_of(tree)}
    assert made <= {action.partition(":")[0] for action in actions()}
