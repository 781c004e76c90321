"""Choice rules: every comparison operator of the specification, and And, Or, Not.

https://docs.aws.amazon.com/step-functions/latest/dg/state-choice.html
"""

from __future__ import annotations

import datetime
import operator
import re
from collections.abc import Callable
from typing import Any

from twbot.local.workflow.errors import RUNTIME, BadDefinition, StateFailed
from twbot.local.workflow.paths import BadPath, NoSuchPath, Path, compile_path
from twbot.local.workflow.scope import Context

Rule = Callable[[Any, Context], bool]
_ABSENT = object()


def _number(value: Any) -> Any:
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None


def _string(value: Any) -> Any:
    return value if isinstance(value, str) else None


def _boolean(value: Any) -> Any:
    return value if isinstance(value, bool) else None


def _time(value: Any) -> Any:
    """Parse an RFC 3339 time with a capital T, and Z or an offset. Return None for anything else."""
    # fromisoformat() also takes dates, weeks and times without a zone, which the specification does not.
    if not isinstance(value, str) or not re.fullmatch(
        r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)", value
    ):
        return None
    try:
        return datetime.datetime.fromisoformat(value)
    except ValueError:
        return None


_TYPES = {"String": _string, "Numeric": _number, "Timestamp": _time, "Boolean": _boolean}
_COMPARISONS = {
    "Equals": operator.eq,
    "LessThan": operator.lt,
    "GreaterThan": operator.gt,
    "LessThanEquals": operator.le,
    "GreaterThanEquals": operator.ge,
}
_TESTS: dict[str, Callable[[Any], bool]] = {
    "IsNull": lambda value: value is None,
    "IsString": lambda value: isinstance(value, str),
    "IsNumeric": lambda value: _number(value) is not None,
    "IsBoolean": lambda value: isinstance(value, bool),
    "IsTimestamp": lambda value: _time(value) is not None,
}


def compile_rule(rule: Any, place: str, *, top: bool = False) -> Rule:
    """Compile a rule, or the comparison within one. `top`: the rule has a Next. Raises BadDefinition."""
    if not isinstance(rule, dict):
        raise BadDefinition(f"{place}: expected an object")
    keys = rule.keys() - {"Next", "Comment"} if top else rule.keys() - {"Comment"}
    if len(keys) == 1 and (name := next(iter(keys))) in ("And", "Or", "Not"):
        return _combination(name, rule[name], f"{place}.{name}")
    comparisons = keys - {"Variable"}
    if "Variable" not in keys or len(comparisons) != 1:
        raise BadDefinition(f"{place}: expected Variable and one comparison, or And, Or or Not")
    (name,) = comparisons
    return _comparison(_path(rule["Variable"], f"{place}.Variable"), name, rule[name], f"{place}.{name}")


def _combination(name: str, inner: Any, place: str) -> Rule:
    if name == "Not":
        negated = compile_rule(inner, place)
        return lambda data, context: not negated(data, context)
    if not isinstance(inner, list) or not inner:
        raise BadDefinition(f"{place}: expected an array of rules")
    rules = [compile_rule(each, f"{place}[{number}]") for number, each in enumerate(inner)]
    if name == "And":
        return lambda data, context: all(rule(data, context) for rule in rules)
    return lambda data, context: any(rule(data, context) for rule in rules)


def _comparison(variable: Path, name: str, value: Any, place: str) -> Rule:
    if name == "IsPresent" or name in _TESTS:
        return _test(variable, name, value, place)
    if name == "StringMatches":
        return _string_matches(variable, value, place)
    found = re.fullmatch(r"(String|Numeric|Timestamp|Boolean)(\w*?Equals|LessThan|GreaterThan)(Path)?", name)
    if found is None or (found[1] == "Boolean" and found[2] != "Equals") or found[2] not in _COMPARISONS:
        raise BadDefinition(f"{place}: there is no such comparison")
    typed, compare = _TYPES[found[1]], _COMPARISONS[found[2]]
    if found[3]:
        other = _path(value, place)
        return lambda data, context: _compare(
            compare, typed(_get(variable, data, context)), typed(_get(other, data, context))
        )
    if (constant := typed(value)) is None:
        raise BadDefinition(f"{place}: {value!r} is not a {found[1].lower()}")
    return lambda data, context: _compare(compare, typed(_get(variable, data, context)), constant)


def _compare(compare: Callable[[Any, Any], Any], one: Any, other: Any) -> bool:
    """Compare two values, None for one of another type than the comparison's: such a comparison is false."""
    return one is not None and other is not None and bool(compare(one, other))


def _test(variable: Path, name: str, expected: Any, place: str) -> Rule:
    if not isinstance(expected, bool):
        raise BadDefinition(f"{place}: expected true or false")
    # Only IsPresent may name an absent field; for every other comparison that is a runtime error.
    if name == "IsPresent":
        return lambda data, context: (_peek(variable, data, context) is not _ABSENT) is expected
    test = _TESTS[name]
    return lambda data, context: test(_get(variable, data, context)) is expected


def _string_matches(variable: Path, pattern: Any, place: str) -> Rule:
    if not isinstance(pattern, str):
        raise BadDefinition(f"{place}: expected a string")
    parts = re.split(r"(\\\*|\\\\|\*)", pattern)
    regex = "".join(".*" if part == "*" else re.escape(part[1:] if part in ("\\*", "\\\\") else part) for part in parts)
    matcher = re.compile(regex, re.DOTALL)

    def rule(data: Any, context: Context) -> bool:
        value = _get(variable, data, context)
        return isinstance(value, str) and matcher.fullmatch(value) is not None

    return rule


def _path(text: Any, place: str) -> Path:
    try:
        return compile_path(text if isinstance(text, str) else "")
    except BadPath as error:
        raise BadDefinition(f"{place}: {error}") from None


def _peek(variable: Path, data: Any, context: Context) -> Any:
    try:
        return variable(data, context)
    except NoSuchPath:
        return _ABSENT


def _get(variable: Path, data: Any, context: Context) -> Any:
    try:
        return variable(data, context)
    except NoSuchPath as error:
        raise StateFailed(RUNTIME, f"Invalid path in a Choice rule: {error}") from None
