"""`python -m tests.audit FOLDER`: audit what we depend on and what we deploy. FOLDER has pip-audit and checkov.

Exit codes: 0 clean, 3 something could not be looked at, 4 something was found.
"""

from __future__ import annotations

import sys
from pathlib import Path

from tests.audit import advisories, licences, templates
from tests.audit.findings import Outcome


def main(tools: Path) -> Outcome:
    worst = Outcome.CLEAN
    for audit in (
        licences.audit,
        lambda: templates.audit(tools / "checkov"),
        lambda: advisories.audit(tools / "pip-audit"),
    ):
        result = audit()
        worst = max(worst, result.outcome)
        print(f"{result.outcome.name.replace('_', ' '):12} {result.name:11} {result.summary}")
        for each in result.details:
            print(f"{'':25}{each}")
    return worst


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
