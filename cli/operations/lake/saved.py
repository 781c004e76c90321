"""A saved query by its name, and the values of its parameters, as they were typed or filled in."""

from __future__ import annotations

import re
from collections.abc import Mapping

from twbot.cli.errors import CliError, Exit
from twbot.lambdas.analytics.saved_queries import SavedQuery, saved_queries
from twbot.lambdas.nearest import did_you_mean


def saved_query(name: str) -> SavedQuery:
    """Return the saved query of this name. Raises CliError, which names a near one."""
    saved = saved_queries()
    if name not in saved:
        hint = did_you_mean(name, saved, "twbot query {}") or "List them with: twbot query"
        raise CliError(f"There is no saved query {name!r}.", hint=hint, code=Exit.NOT_FOUND)
    return saved[name]


def bound(saved: SavedQuery, given: Mapping[str, str]) -> list[str]:
    """Return the parameters' values in the order of the SQL's question marks. Raises CliError.

    given: values by the parameters' names; those that are missing have their default
    """
    known = {parameter.name: parameter for parameter in saved.parameters}
    if unknown := given.keys() - known:
        takes = ", ".join(known) or "none"
        raise CliError(f"No parameter {', '.join(sorted(unknown))}; it takes {takes}.", code=Exit.USAGE)
    for name, value in given.items():
        if known[name].type == "integer" and not re.fullmatch(r"-?[0-9]{1,9}", value):
            raise CliError(f"The parameter {name} is a number, not {value!r}.", code=Exit.USAGE)
    return [given.get(name, parameter.default) for name, parameter in known.items()]
