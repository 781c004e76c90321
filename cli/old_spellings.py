"""Command lines of an older twbot, as they are typed now. They keep working in scripts."""

from __future__ import annotations


def current(arguments: list[str]) -> list[str]:
    """Return the command line as it is typed now: `replay from-x …`, `webhook sample URL …`."""
    match arguments:
        case ["replay", *rest] if "--from-x" in rest:
            return ["replay", "from-x", *(each for each in rest if each != "--from-x")]
        case ["send", *rest] if (url := _value("--to", rest)) is not None:
            # `send` took a timeout there and had no use for it.
            return ["webhook", "sample", url, *_without("--timeout", _without("--to", rest))]
    return arguments


def _value(option: str, arguments: list[str]) -> str | None:
    for at, each in enumerate(arguments):
        if each == option and at + 1 < len(arguments):
            return arguments[at + 1]
        if each.startswith(f"{option}="):
            return each.partition("=")[2]
    return None


def _without(option: str, arguments: list[str]) -> list[str]:
    if option in arguments:
        at = arguments.index(option)
        return [*arguments[:at], *arguments[at + 2 :]]
    return [each for each in arguments if not each.startswith(f"{option}=")]
