"""The comparison operators of event patterns, such as {"prefix": …} and {"numeric": …}, compiled to tests of a leaf.

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html
"""

from __future__ import annotations

import ipaddress
import operator
import re
from collections.abc import Callable, Mapping
from typing import Any

Test = Callable[[object], bool]

# EventBridge compares numbers between -5e9 and 5e9, with six decimals.
# https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html
LIMIT = 5.0e9
DECIMALS = 6
OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


class BadTest(Exception):
    """An operator that EventBridge would refuse. `where`: the place in it, such as `.numeric`; `what`: the fault."""

    def __init__(self, where: str, what: str) -> None:
        super().__init__(f"{where}: {what}")
        self.where = where
        self.what = what


class Absent:
    """The operator {"exists": false}. It accepts no leaf: the field must be absent."""

    def __call__(self, _leaf: object) -> bool:
        return False


def compile_test(value: object) -> Test:
    """Compile one value or operator of a pattern's array. Raises BadTest."""
    if isinstance(value, Mapping):
        return _keyword(value)
    if isinstance(value, list):
        raise BadTest("", "an array within an array matches nothing")
    return equals(value)


def equals(value: object) -> Test:
    """Return a test for equality. Numbers are equal by value; values of different types are never equal."""
    # `is` for null and booleans: in Python True == 1, in JSON true and 1 differ.
    if value is None or isinstance(value, bool):
        return lambda leaf: leaf is value
    if isinstance(value, str):
        return lambda leaf: isinstance(leaf, str) and leaf == value
    if is_number(value):
        return lambda leaf: is_number(leaf) and leaf == value
    raise BadTest("", f"{type(value).__name__} is not a JSON value")


def _keyword(operator_object: Mapping[str, object]) -> Test:
    if len(operator_object) != 1:
        names = ", ".join(map(str, operator_object)) or "none"
        raise BadTest("", f"expected one keyword, found {len(operator_object)}: {names}")
    ((keyword, argument),) = operator_object.items()
    compiler = KEYWORDS.get(keyword)
    if compiler is None:
        raise BadTest(f".{keyword}", f"no such keyword; there are {', '.join(sorted(KEYWORDS))}")
    try:
        return compiler(argument)
    except BadTest as error:
        raise BadTest(f".{keyword}{error.where}", error.what) from None


def is_number(value: object) -> bool:
    """Return whether the value is a JSON number. In Python a bool is an int, too; in JSON it is no number."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def _text(argument: object) -> str:
    if not isinstance(argument, str):
        raise BadTest("", "expected a string")
    return argument


def _affix(of_string: Callable[[str, str], bool]) -> Callable[[object], Test]:
    """Return the compiler of `prefix` or `suffix`. The argument is a string, or {"equals-ignore-case": string}."""

    def compiler(argument: object) -> Test:
        if not isinstance(argument, Mapping):
            text = _text(argument)
            return lambda leaf: isinstance(leaf, str) and of_string(leaf, text)
        if set(argument) != {"equals-ignore-case"}:
            raise BadTest("", 'expected a string or {"equals-ignore-case": string}')
        folded = _inner("equals-ignore-case", _text, argument["equals-ignore-case"]).lower()
        return lambda leaf: isinstance(leaf, str) and of_string(leaf.lower(), folded)

    return compiler


def _ignore_case(argument: object) -> Test:
    folded = _text(argument).lower()
    return lambda leaf: isinstance(leaf, str) and leaf.lower() == folded


def _wildcard(argument: object) -> Test:
    matcher = re.compile(_wildcard_regex(_text(argument)), re.DOTALL)
    return lambda leaf: isinstance(leaf, str) and matcher.fullmatch(leaf) is not None


def _wildcard_regex(text: str) -> str:
    first, *rest = (re.escape(piece) for piece in _between_stars(text))
    if not rest:
        return first
    # Atomic groups (Python 3.11) keep the first match of each piece. Without them, backtracking over a hostile text
    # could take exponential time. https://docs.python.org/3/library/re.html#regular-expression-syntax
    middle = "".join(f"(?>.*?{piece})" for piece in rest[:-1])
    return f"{first}{middle}.*{rest[-1]}"


def _between_stars(text: str) -> list[str]:
    parts = re.findall(r"\\.?|\*|[^*\\]+", text, re.DOTALL)
    pieces = [""]
    for before, part in zip(["", *parts], parts, strict=False):
        if part == before == "*":
            raise BadTest("", "two * in a row")
        if part.startswith("\\") and part not in ("\\*", "\\\\"):
            raise BadTest("", r"a backslash must stand before * or another backslash")
        if part == "*":
            pieces.append("")
        else:
            pieces[-1] += part.removeprefix("\\") if part.startswith("\\") else part
    return pieces


def _exists(argument: object) -> Test:
    if not isinstance(argument, bool):
        raise BadTest("", "expected true or false")
    return _anything if argument else Absent()


def _anything(_leaf: object) -> bool:
    return True


def _number(argument: object) -> float:
    if not isinstance(argument, int | float) or isinstance(argument, bool):
        raise BadTest("", "expected a number after the operator")
    if not -LIMIT <= argument <= LIMIT:
        raise BadTest("", f"{argument} is not between -5e9 and 5e9")
    return round(float(argument), DECIMALS)


def _numeric(argument: object) -> Test:
    if not isinstance(argument, list) or len(argument) not in (2, 4):
        raise BadTest("", "expected [operator, number], or [lower bound, number, upper bound, number]")
    signs, numbers = argument[::2], [_number(number) for number in argument[1::2]]
    for sign in signs:
        if not isinstance(sign, str) or sign not in OPERATORS:
            raise BadTest("", f"{sign!r} is not one of {', '.join(OPERATORS)}")
    if len(signs) == 2:
        _check_range(signs, numbers)
    bounds = [(OPERATORS[sign], number) for sign, number in zip(signs, numbers, strict=True)]

    def test(leaf: object) -> bool:
        if not isinstance(leaf, int | float) or isinstance(leaf, bool) or not -LIMIT <= leaf <= LIMIT:
            return False
        value = round(float(leaf), DECIMALS)
        return all(holds(value, number) for holds, number in bounds)

    return test


def _check_range(signs: list[str], numbers: list[float]) -> None:
    if signs[0] not in (">", ">=") or signs[1] not in ("<", "<="):
        raise BadTest("", "a range is > or >=, its lower bound, < or <=, its upper bound")
    if numbers[0] >= numbers[1]:
        raise BadTest("", f"the lower bound {numbers[0]:g} must be less than the upper bound {numbers[1]:g}")


def _cidr(argument: object) -> Test:
    text = _text(argument)
    try:
        if "/" not in text or "%" in text:
            raise ValueError
        network = ipaddress.ip_network(text, strict=False)
    except ValueError:
        raise BadTest("", f"{text!r} is not an IPv4 or IPv6 range such as 10.0.0.0/24") from None

    def test(leaf: object) -> bool:
        if not isinstance(leaf, str):
            return False
        try:
            return ipaddress.ip_address(leaf) in network
        except ValueError:
            return False

    return test


def _anything_but(argument: object) -> Test:
    """Negate a value, each of a list of values, or a keyword with a string or a list of strings."""
    if isinstance(argument, Mapping):
        return _anything_but_keyword(argument)
    values = argument if isinstance(argument, list) else [argument]
    if not values or not (all(isinstance(v, str) for v in values) or all(is_number(v) for v in values)):
        raise BadTest("", "expected a string, a number, or an array of strings only or of numbers only")
    return _none_of([equals(value) for value in values])


def _anything_but_keyword(argument: Mapping[str, object]) -> Test:
    if len(argument) != 1 or (keyword := next(iter(argument))) not in NEGATABLE:
        raise BadTest("", f"expected one keyword of {', '.join(NEGATABLE)}")
    texts = argument[keyword]
    if isinstance(texts, list) and not texts:
        raise BadTest(f".{keyword}", "expected a string, or an array with at least one")
    each = texts if isinstance(texts, list) else [texts]
    if "" in each:
        raise BadTest(f".{keyword}", "expected a string that is not empty")
    return _none_of([_inner(keyword, KEYWORDS[keyword], text) for text in each])


def _none_of(tests: list[Test]) -> Test:
    return lambda leaf: not any(test(leaf) for test in tests)


def _inner(keyword: str, compiler: Callable[[object], Any], argument: object) -> Any:
    try:
        return compiler(argument)
    except BadTest as error:
        raise BadTest(f".{keyword}{error.where}", error.what) from None


NEGATABLE = ("prefix", "suffix", "equals-ignore-case", "wildcard")
KEYWORDS: dict[str, Callable[[object], Test]] = {
    "prefix": _affix(str.startswith),
    "suffix": _affix(str.endswith),
    "equals-ignore-case": _ignore_case,
    "wildcard": _wildcard,
    "exists": _exists,
    "numeric": _numeric,
    "cidr": _cidr,
    "anything-but": _anything_but,
}
