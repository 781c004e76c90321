"""Cuts texts into clauses, in each language that the sentiment reads, and tells where a text turns."""

from __future__ import annotations

import functools
import re

MAX_CLAUSES = 8
# Shorter ones say too little by themselves: "well", "so-so".
MIN_WORDS, MIN_CHARACTERS = 2, 4
# Languages that write no blanks between words, or join the words of a clause.
_UNSPACED = frozenset({"ja", "zh", "zh-TW", "ko"})
_MARKS = r"[,;:.!?…]+\s|\s[-–—]\s|[、。，！？；：،؛؟।\n]+"
# Words by which a writer turns: what stands before and after them may be of different moods.
_TURNS = {
    "en": r"\b(?:but|however|although|though|yet|while|except|whereas|unfortunately)\b",
    "es": r"\b(?:pero|aunque|sin embargo|en cambio|lástima que)\b",
    "fr": r"\b(?:mais|pourtant|cependant|par contre|en revanche|bien que|dommage que)\b",
    "de": r"\b(?:aber|jedoch|allerdings|obwohl|trotzdem|dafür|leider)\b",
    "it": r"\b(?:ma|però|tuttavia|anche se|invece|peccato che)\b",
    "pt": r"\b(?:mas|porém|contudo|no entanto|embora|pena que)\b",
    "nl": r"\b(?:maar|echter|hoewel|helaas|jammer dat)\b",
    "ja": r"しかし|けれども|けれど|けど|だが|ですが|ますが|でも|のに|ただし",
    "ko": r"하지만|그러나|그런데|지만|는데|은데",
    "zh": r"但是|但|可是|不过|然而|只是|可惜",
    "zh-TW": r"但是|但|可是|不過|然而|只是|可惜",
    "ar": r"\b(?:لكن|ولكن|لكنه|لكنها|غير أن|إلا أن|رغم)\b",
    "hi": r"(?<!\S)(?:लेकिन|मगर|परंतु|किंतु|हालाँकि|हालांकि)(?!\S)",
}


def turns(text: str, language: str) -> bool:
    """Tell whether the text has a word by which writers of the language turn to the opposite."""
    return language in _TURNS and re.search(_TURNS[language], text, re.IGNORECASE) is not None


def clauses(text: str, language: str) -> list[str]:
    """Return the text's clauses, those of a word or so left out."""
    parts = [part.strip() for part in _cuts(language).split(text)]
    return [part for part in parts if _says_something(part, language)][:MAX_CLAUSES]


@functools.cache
def _cuts(language: str) -> re.Pattern[str]:
    return re.compile("|".join(filter(None, (_MARKS, _TURNS.get(language)))), re.IGNORECASE)


def _says_something(part: str, language: str) -> bool:
    return len(part) >= MIN_CHARACTERS if language in _UNSPACED else len(part.split()) >= MIN_WORDS
