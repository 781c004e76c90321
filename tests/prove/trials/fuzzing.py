"""Fuzzing: signed mutations of all samples, patterns against a second reading, mutated pictures, random SQL.

Hypothesis draws from the seed and shrinks what breaks; atheris, where it is installed, follows the branches of ingress.
"""

from __future__ import annotations

import contextlib
import gzip
import importlib.util
import io
import json
import os
import random
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from PIL import Image

from tests.prove.trial import Trial, trial
from tests.support.paths import EVENTS, ROOT
from tests.support.webhooks import MemoryBus, deliver
from twbot.lambdas.analysis.picture import normalise
from twbot.lambdas.analytics.results import BadSql
from twbot.lambdas.errors import UnusableImage
from twbot.local.bus.patterns import compile_pattern
from twbot.local.lake.lake import Lake

Json = dict[str, Any]
SAMPLES = [path.read_bytes() for path in sorted(EVENTS.glob("*_activity/*.json"))]
ODD = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**70), 2**70),
    st.floats(allow_nan=False),
    st.text(max_size=20),
    st.sampled_from(["\ud83d", "\x00", "\u202e", "9" * 400, "post.create", "photo"]),
    st.just([]),
    st.just({}),
    st.lists(st.dictionaries(st.sampled_from(["id", "type", "url"]), st.integers() | st.text(max_size=3)), max_size=3),
)
MAX_PICTURE_SECONDS = 5.0


def fuzz(trial: Trial, count: int, **arguments: st.SearchStrategy[Any]) -> Callable[[Callable[..., None]], None]:
    """Return a decorator that calls the function with so many drawn arguments, and notes what breaks it."""

    def run(promise: Callable[..., None]) -> None:
        tried = trial.times(count, least=20)
        checked = settings(
            max_examples=tried,
            database=None,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            phases=[Phase.generate, Phase.shrink],
            print_blob=False,
        )(seed(trial.seed)(given(**arguments)(promise)))
        try:
            checked()
        except Exception as error:
            trial.violations.append(f"{promise.__name__}: {error!r}"[:1500] + "".join(getattr(error, "__notes__", [])))
        trial.tried += tried

    return run


@trial("fuzz-ingress", "signed mutations of every sample of X, as JSON and as bytes: 200, kept, no exception")
def fuzz_ingress(trial: Trial) -> None:
    @fuzz(trial, 2500, body=st.sampled_from(SAMPLES), data=st.data())
    def mutated_json(body: bytes, data: st.DataObject) -> None:
        document = json.loads(body)
        for _ in range(data.draw(st.integers(1, 3))):
            _mutate(document, data)
        _is_kept(json.dumps(document).encode())

    @fuzz(trial, 2500, body=st.sampled_from(SAMPLES), data=st.data())
    def mutated_bytes(body: bytes, data: st.DataObject) -> None:
        for _ in range(data.draw(st.integers(1, 4))):
            at = data.draw(st.integers(0, len(body)))
            until = at + data.draw(st.integers(0, 4))
            body = body[:at] + data.draw(st.binary(max_size=4)) + body[until:]
        _is_kept(body)

    _atheris(trial)


def _is_kept(body: bytes) -> None:
    """What X signed is answered with 200, and at least one raw event of it is on the bus."""
    bus = MemoryBus()
    answer = deliver(body, bus)
    assert answer.status == 200, answer
    json.dumps([entry.detail for entry in bus.entries], allow_nan=False).encode()


def _mutate(document: Any, data: st.DataObject) -> None:
    """Replace, remove or rename something at a random place below the root."""
    holder = document
    while True:
        keys = list(holder) if isinstance(holder, dict) else list(range(len(holder)))
        if not keys:
            return
        key = data.draw(st.sampled_from(keys))
        inner = holder[key]
        if isinstance(inner, dict | list) and inner and data.draw(st.integers(0, 4)):
            holder = inner
            continue
        if isinstance(holder, dict) and data.draw(st.integers(0, 3)) == 0:
            holder.pop(key)
        else:
            holder[key] = data.draw(ODD)
        return


def _atheris(trial: Trial) -> None:
    """Have atheris mutate the samples for a while, in a process of its own."""
    if importlib.util.find_spec("atheris") is None:
        trial.note("atheris is not installed: Hypothesis only")
        return
    corpus = trial.folder / "corpus"
    corpus.mkdir()
    for number, sample in enumerate(SAMPLES):
        (corpus / str(number)).write_bytes(sample)
    command = [sys.executable, "-m", "tests.prove.atheris_ingress", str(corpus), f"-seed={trial.seed}"]
    command += [f"-max_total_time={trial.times(20, least=5)}", "-max_len=20000", "-timeout=20", "-rss_limit_mb=1500"]
    command.append(f"-artifact_prefix={trial.folder}/")
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, cwd=trial.folder, env=environment, capture_output=True, check=False)
    written = done.stderr.decode(errors="replace")
    runs = [line for line in written.splitlines() if "runs in" in line]
    trial.note(f"atheris: {runs[-1].strip() if runs else 'no count'}")
    said = done.stdout.decode(errors="replace")
    trial.check(done.returncode == 0, f"atheris: {said[-800:]} {written[-800:]}")


@trial("fuzz-patterns", "random event patterns on random events, against a second reading of EventBridge's rules")
def fuzz_patterns(trial: Trial) -> None:
    leaf = st.sampled_from(["a", "ab", "b", "", "x.y", 1, 2.5, True, None])
    word = st.sampled_from(["", "a", "ab", "b"])
    test = st.one_of(
        leaf,
        st.builds(lambda text: {"prefix": text}, word.filter(bool)),
        st.builds(lambda text: {"suffix": text}, word.filter(bool)),
        st.builds(lambda text: {"equals-ignore-case": text}, st.sampled_from(["A", "aB"])),
        st.builds(lambda known: {"exists": known}, st.booleans()),
        st.builds(lambda others: {"anything-but": others}, st.lists(st.sampled_from(["a", "b"]), min_size=1)),
        st.builds(lambda low: {"numeric": [">", low]}, st.integers(-1, 3)),
        st.builds(lambda low, more: {"numeric": [">=", low, "<", low + more]}, st.integers(-1, 2), st.integers(1, 3)),
    )
    key = st.sampled_from(["p", "q", "r"])
    tests = st.lists(test, min_size=1, max_size=3)
    pattern = st.dictionaries(
        key, st.recursive(tests, lambda i: st.dictionaries(key, i, min_size=1), max_leaves=4), min_size=1
    )
    value = leaf | st.lists(leaf, max_size=3)
    event = st.dictionaries(
        key, st.recursive(value, lambda inner: st.dictionaries(key, inner, max_size=3), max_leaves=5)
    )

    @fuzz(trial, 2500, wanted=pattern, found=event)
    def the_same_as_the_second_reading(wanted: Json, found: Json) -> None:
        assert compile_pattern(wanted)(found) == matches(wanted, found), (wanted, found)


def matches(pattern: Json, event: Any) -> bool:
    """EventBridge's rules, for events without arrays of objects.

    https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html
    """
    for key, wanted in pattern.items():
        found = event.get(key) if isinstance(event, dict) and key in event else MISSING
        if isinstance(wanted, dict):
            if not matches(wanted, found):
                return False
        elif not _one_passes(wanted, found):
            return False
    return True


MISSING = object()


def _one_passes(tests: list[Any], found: Any) -> bool:
    # An object has no leaf of its own here, an empty array none at all.
    leaves = [] if found is MISSING or isinstance(found, dict) else found if isinstance(found, list) else [found]
    if not leaves:
        return {"exists": False} in tests
    return any(_passes(test, leaf) for test in tests for leaf in leaves)


def _passes(test: Any, leaf: Any) -> bool:
    if not isinstance(test, dict):
        return type(test) is type(leaf) and test == leaf if not _is_number(test) else _is_number(leaf) and test == leaf
    ((operator, wanted),) = test.items()
    text = leaf if isinstance(leaf, str) else None
    if operator == "exists":
        return bool(wanted)
    if operator == "anything-but":
        return leaf not in wanted
    if operator == "numeric":
        return _is_number(leaf) and all(_compares(wanted[at], wanted[at + 1], leaf) for at in range(0, len(wanted), 2))
    if text is None:
        return False
    if operator == "prefix":
        return text.startswith(wanted)
    return text.endswith(wanted) if operator == "suffix" else text.casefold() == wanted.casefold()


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _compares(operator: str, limit: float, number: float) -> bool:
    return {">": number > limit, ">=": number >= limit, "<": number < limit}[operator]


@trial("fuzz-pictures", "mutated JPEG, PNG, GIF and WEBP files: a JPEG, or a word for the author, within seconds")
def fuzz_pictures(trial: Trial) -> None:
    slowest = [0.0]

    @fuzz(trial, 1500, picture=st.sampled_from(_pictures()), data=st.data())
    def usable_or_said(picture: bytes, data: st.DataObject) -> None:
        chance = random.Random(data.draw(st.integers(0, 2**32)))
        for _ in range(data.draw(st.integers(1, 8))):
            picture = _damaged(picture, chance)
        began = time.process_time()
        with contextlib.suppress(UnusableImage):
            assert normalise(picture).startswith(b"\xff\xd8")
        slowest[0] = max(slowest[0], time.process_time() - began)
        assert slowest[0] < MAX_PICTURE_SECONDS

    trial.note(f"slowest {slowest[0]:.2f} CPU seconds")


def _pictures() -> list[bytes]:
    """Return small pictures of all kinds."""
    found = []
    picture = Image.effect_noise((480, 360), 60).convert("RGB")
    for options in (
        {"format": "JPEG"},
        {"format": "JPEG", "progressive": True},
        {"format": "PNG"},
        {"format": "GIF", "save_all": True, "append_images": [picture.rotate(90)]},
        {"format": "WEBP"},
        {"format": "WEBP", "lossless": True},
    ):
        file = io.BytesIO()
        picture.save(file, **options)
        found.append(file.getvalue())
    return found


def _damaged(picture: bytes, chance: random.Random) -> bytes:
    at = chance.randrange(len(picture) + 1)
    kind = chance.choice(("bits", "cut", "double", "insert", "repeat"))
    if kind == "bits" and picture:
        at = min(at, len(picture) - 1)
        return picture[:at] + bytes([picture[at] ^ (1 << chance.randrange(8))]) + picture[at + 1 :]
    if kind == "cut":
        return picture[: max(at, 20)]
    if kind == "double":
        return picture[:at] + picture[at : at + 300] * 2 + picture[at + 300 :]
    if kind == "repeat":
        return picture[:at] + picture[at : at + 33] * chance.randrange(2, 200) + picture[at + 33 :]
    return picture[:at] + chance.randbytes(chance.randrange(1, 9)) + picture[at:]


@trial("fuzz-sql", "random expressions in Athena's SQL: an answer, or a refusal in words; never anything else")
def fuzz_sql(trial: Trial) -> None:
    lake = Lake(trial.folder / "lake")
    hour = trial.folder / "lake/2026/11/25/13"
    hour.mkdir(parents=True)
    detail = {"Text": "hello", "Author": "ada", "Twitter": {"TweetId": "1", "UserId": "2"}}
    event = {"id": "e", "source": "BOT", "detail-type": "MESSAGE_RECEIVED", "time": "2026-11-25T13:00:00Z"}
    (hour / "a.jsonl.gz").write_bytes(gzip.compress(json.dumps({**event, "detail": detail}).encode() + b"\n"))
    answered = [0]

    @fuzz(trial, 150, expression=_expressions())
    def an_answer_or_a_refusal(expression: str) -> None:
        with contextlib.suppress(BadSql):
            lake.query(f'SELECT {expression} AS x FROM "analysed-messages-table"')
            answered[0] += 1

    trial.note(f"{answered[0]} answered")


ATOMS = """1 0 -7 2.5 NULL true 'a' '' 'é😀' detail.text detail.twitter.tweetid "time" source current_date ARRAY[1,2]
detail.analysis.images MAP(ARRAY['a'],ARRAY[1])"""
OPERATORS = "+ - * / % || = < <> AND OR LIKE"
FUNCTIONS = """lower length abs cardinality count max from_iso8601_timestamp json_parse reverse sum to_unixtime year
approx_distinct array_agg typeof NOT - round date_trunc nope"""


def _expressions() -> st.SearchStrategy[str]:
    atom, two, one = (st.sampled_from(words.split()) for words in (ATOMS, OPERATORS, FUNCTIONS))

    def more(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
        return st.one_of(
            st.builds("({} {} {})".format, inner, two, inner),
            st.builds("{}({})".format, one, inner),
            st.builds("coalesce({}, {})".format, inner, inner),
            st.builds("CASE WHEN {} THEN {} ELSE {} END".format, inner, inner, inner),
            st.builds("CAST({} AS {})".format, inner, st.sampled_from(["varchar", "bigint", "double", "date", "json"])),
            st.builds("regexp_replace({}, '(a)', '$1{}')".format, inner, st.sampled_from(["", "b", "$2", "\\\\"])),
            st.builds("{}[{}]".format, inner, st.sampled_from(["1", "0", "-1", "'a'"])),
            st.builds("substr({}, {}, {})".format, inner, inner, inner),
        )

    return st.recursive(atom, more, max_leaves=8)
