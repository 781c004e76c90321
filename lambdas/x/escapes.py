"""The characters that X escapes in the text of a post."""

from __future__ import annotations


def unescaped(text: str) -> str:
    """Return the text as it was typed. X escapes three characters: https://docs.x.com/fundamentals/counting-characters"""
    # The ampersand last: `&amp;lt;` is a typed `&lt;`, not a `<`.
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
