"""Plural rules of whole numbers, by language: https://www.unicode.org/cldr/charts/latest/supplemental/language_plural_rules.html

A table rather than a package: the one that has the rules is ten megabytes, and each function would carry it.
"""

from __future__ import annotations

from collections.abc import Callable

_Rule = Callable[[int], str]


def plural_category(language: str, number: int) -> str:
    """Return zero, one, two, few, many or other. `language`: ISO 639-1, with or without a region."""
    base = language.partition("-")[0]
    rule = _RULES.get(language) or _RULES.get(base, _one)
    return rule(abs(number))


def _one(number: int) -> str:
    return "one" if number == 1 else "other"


def _zero_too(number: int) -> str:
    return "one" if number in (0, 1) else "other"


def _never(_: int) -> str:
    return "other"


def _million(one: tuple[int, ...]) -> _Rule:
    """Spanish, French, Italian, Portuguese: "un million de"."""

    def rule(number: int) -> str:
        if number in one:
            return "one"
        return "many" if number and number % 1_000_000 == 0 else "other"

    return rule


def _few(number: int, *, low: int = 2, high: int = 4) -> bool:
    return low <= number % 10 <= high and not 11 <= number % 100 <= 19


def _slavic(rest: str) -> _Rule:
    """Russian, Ukrainian; Serbian and Croatian with another rest."""

    def rule(number: int) -> str:
        if number % 10 == 1 and number % 100 != 11:
            return "one"
        return "few" if _few(number) else rest

    return rule


def _polish(number: int) -> str:
    if number == 1:
        return "one"
    return "few" if _few(number) else "many"


def _czech(number: int) -> str:
    if number == 1:
        return "one"
    return "few" if 2 <= number <= 4 else "other"


def _slovenian(number: int) -> str:
    return {1: "one", 2: "two", 3: "few", 4: "few"}.get(number % 100, "other")


def _lithuanian(number: int) -> str:
    if number % 10 == 1 and number % 100 != 11 and not 11 <= number % 100 <= 19:
        return "one"
    return "few" if _few(number, high=9) else "other"


def _latvian(number: int) -> str:
    if number % 10 == 0 or 11 <= number % 100 <= 19:
        return "zero"
    return "one" if number % 10 == 1 else "other"


def _romanian(number: int) -> str:
    if number == 1:
        return "one"
    return "few" if number == 0 or 1 <= number % 100 <= 19 else "other"


def _arabic(number: int) -> str:
    if number <= 2:
        return ("zero", "one", "two")[number]
    if 3 <= number % 100 <= 10:
        return "few"
    return "many" if number % 100 >= 11 else "other"


def _hebrew(number: int) -> str:
    return {1: "one", 2: "two"}.get(number, "other")


def _welsh(number: int) -> str:
    return {0: "zero", 1: "one", 2: "two", 3: "few", 6: "many"}.get(number, "other")


def _icelandic(number: int) -> str:
    return "one" if number % 10 == 1 and number % 100 != 11 else "other"


# Languages that are not here have one form for 1 and another for the rest, as English has.
_RULES: dict[str, _Rule] = {
    **dict.fromkeys(("id", "ja", "km", "ko", "lo", "ms", "my", "th", "vi", "zh"), _never),
    **dict.fromkeys(("am", "as", "bn", "fa", "gu", "hi", "kn", "zu"), _zero_too),
    **dict.fromkeys(("ca", "es", "it", "pt-PT"), _million((1,))),
    **dict.fromkeys(("fr", "pt"), _million((0, 1))),
    **dict.fromkeys(("be", "ru", "uk"), _slavic("many")),
    **dict.fromkeys(("bs", "hr", "sr"), _slavic("other")),
    **dict.fromkeys(("cs", "sk"), _czech),
    "ar": _arabic,
    "cy": _welsh,
    "he": _hebrew,
    "is": _icelandic,
    "mk": _icelandic,
    "lt": _lithuanian,
    "lv": _latvian,
    "pl": _polish,
    "ro": _romanian,
    "sl": _slovenian,
}
