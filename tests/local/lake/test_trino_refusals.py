"""What can't be had on this machine, or what Athena refuses, is refused in words: never another answer in silence."""

from __future__ import annotations

import contextlib
import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from twbot.cli.main import run
from twbot.lambdas.analytics.results import BadSql, TooDeep
from twbot.local.lake.lake import Lake
from twbot.local.lake.trino.functions import AGGREGATES, OWN, SCALARS, WITH_LAMBDAS
from twbot.local.lake.trino.queries import compile_query

NOT_TRANSLATED = [
    ("zip(ARRAY[1], ARRAY[2])", "zip()"),
    ("json_array_contains('[1]', 1)", "json_array_contains()"),
    ("json_parse('{}')", "json_parse()"),
    ("getenv('HOME')", "getenv()"),
    ("setseed(0.5)", "setseed()"),
    ("lenght('a')", "Did you mean length()?"),
    ("regexp_like('a', '(?=a)')", "(?="),
    (r"regexp_replace('aa', '(a)\1', 'b')", r"\1"),
    ("regexp_like('a', 'a++')", "++"),
    ("regexp_extract('b', '(a*)?b', 1)", "absent or empty"),
    ("regexp_replace('a', 'a', lower('B'))", "plain text"),
    ("regexp_replace('a', 'a', '$1')", "no group"),
    ("date_format(now(), '%D')", "%D"),
    ("format('%x', 255)", "%x"),
    ("format('%s', 1e0)", "double"),
    ("format_datetime(now(), 'ZZ')", "ZZ"),
    ("now() AT TIME ZONE lower('UTC')", "plain text"),
    ("now() AT TIME ZONE 'Nowhere/Else'", "not a time zone"),
    ("typeof(lower('A'))", "length is not known"),
    ("TIME '01:00'", "TIME"),
    ("CAST(ROW(1, 2) AS varchar)", "Cannot cast row"),
    ("json_extract_scalar('{}', '$..a')", "path of JSON"),
    ("substr('a', 1, 2, 3)", "substr()"),
    ("max(1, 2)", "max()"),
    ("rank()", "rank()"),
    ("current_user", "not translated"),
    ("1_000", "not a number"),
    ("0x1F", "not a number"),
]
REFUSED_BY_ATHENA = [
    ("1 = '1'", "mixes integer and varchar"),
    ("'a' || 1", "CAST it AS varchar"),
    ("lower(5)", "lower()"),
    ("'5' + 3", "Cannot apply +"),
    ("NOT 1", "NOT takes a boolean"),
    ("IF(1, 2, 3)", "if()"),
    ("ARRAY[1, 'a']", "ARRAY mixes"),
    ("CASE WHEN true THEN 1 ELSE 'a' END", "CASE mixes"),
    ("coalesce(1, 'a')", "coalesce() mixes"),
    ("5 LIKE 'a'", "LIKE"),
    ("1 IN ('a')", "IN mixes"),
    ("1 BETWEEN 'a' AND 'b'", "BETWEEN mixes"),
    ("timestamp '2020-01-01 00:00' > '2019'", "mixes timestamp"),
    ("'1'::integer", "::"),
    ("1 IS TRUE", "IS TRUE"),
    ("1 == 1", "== is not known"),
    ("array[1,]", "A comma before ]"),
    ("concat('a')", "two or more"),
    ("99999999999999999999", "too large"),
    ("date_trunc('hour', date '2020-01-01')", "not a valid date field"),
    ("element_at(5, 1)", "element_at()"),
]
FAILS = [
    ("1 / 0", "Division by zero"),
    ("1 % 0", "Division by zero"),
    ("1.5 / 0", "Division by zero"),
    ("CAST('P332a' AS bigint)", "Cannot cast 'P332a' to bigint"),
    ("CAST(' 5' AS integer)", "Cannot cast ' 5' to integer"),
    ("CAST('5.5' AS integer)", "Cannot cast '5.5' to integer"),
    ("CAST('yes' AS boolean)", "Cannot cast 'yes' to boolean"),
    ("CAST('2020-01-01T00:00:00Z' AS timestamp)", "Cannot cast '2020-01-01T00:00:00Z' to timestamp"),
    ("from_iso8601_timestamp('yesterday')", "Cannot cast 'yesterday'"),
    ("from_iso8601_timestamp(lower('2020-01-01t00:00:00+01:00'))", "Cannot cast"),
    ("ARRAY[1, 2][3]", "less than or equal to array length"),
    ("ARRAY[1, 2][0]", "start at 1"),
    ("ARRAY[1, 2][-1]", "negative"),
    ("element_at(ARRAY[1], 0)", "start at 1"),
    ("MAP(ARRAY['a'], ARRAY[1])['b']", "Key not present"),
    ("split('a', '')", "delimiter"),
    ("split_part('a', ',', 0)", "greater than zero"),
    ("2147483647 + 1", "verflow"),
    ("9223372036854775807 + 1", "verflow"),
    ("date '2020-01-01' + interval '1' hour", "Cannot add hour"),
    ("codepoint('ab')", "single character"),
    ("hamming_distance('a', 'ab')", "ength"),
]
STATEMENTS = [
    ("SELECT x + 1 AS y FROM (VALUES 1) t(x) GROUP BY y", "'y' cannot be resolved"),
    ("SELECT 1 AS a, a + 1", "'a' cannot be resolved"),
    ("SELECT x FROM (VALUES 1) t(x) WHERE x", "WHERE takes a boolean"),
    ("SELECT a.x FROM (VALUES 1) a(x), (VALUES 1) b(x) WHERE x = 1", "ambiguous"),
    ("SELECT * FROM somewhere", "does not exist"),
    ("SELECT * FROM read_csv('x')", "reads no table"),
    ('SELECT * EXCLUDE (id) FROM "analysed-messages-table"', "not"),
    ('SELECT DISTINCT ON (id) id FROM "analysed-messages-table"', "not"),
    ('SELECT id FROM "analysed-messages-table" QUALIFY true', "not"),
    ("SELECT x, count(*) FROM (VALUES 1) t(x) GROUP BY ROLLUP(x)", "not translated"),
    ("SELECT 1 UNION SELECT 'a'", "UNION mixes"),
    ("SELECT 1 WHERE 'a' ILIKE 'A'", "ILIKE"),
    ("SELECT x FROM (VALUES 1) t(x) LIMIT 1 OFFSET 1", "LIMIT before OFFSET"),
    ("SELECT x FROM (VALUES 1) t(x) LIMIT ? OFFSET ?", "LIMIT before OFFSET"),
    ("FROM (VALUES 1) t(x) SELECT x", "FROM before SELECT"),
    ("SELECT * FROM (FROM (VALUES 1) t(x) SELECT x)", "FROM before SELECT"),
    ("SELECT x, FROM (VALUES 1) t(x)", "A comma before FROM"),
    ("SELECT 1, ;", "A comma before the end"),
    ("SELECT x FROM (VALUES 1) t(x) GROUP BY x, ORDER BY x", "A comma before ORDER BY"),
    ("WITH RECURSIVE t(n) AS (SELECT 1) SELECT n FROM t", "RECURSIVE"),
]


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Lake:
    return Lake(tmp_path_factory.mktemp("lake"))


@pytest.mark.parametrize(("sql", "says"), [*NOT_TRANSLATED, *REFUSED_BY_ATHENA])
def test_is_refused_before_anything_is_read(sql: str, says: str) -> None:
    """The words name what it is about, in one line."""
    with pytest.raises(BadSql, match=re.escape(says)) as error:
        compile_query(f"SELECT {sql}")
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(("sql", "says"), STATEMENTS)
def test_a_statement_is_refused(sql: str, says: str) -> None:
    """DuckDB's own grammar is not Athena's."""
    with pytest.raises(BadSql, match=re.escape(says)):
        compile_query(sql)


@pytest.mark.parametrize(("sql", "says"), FAILS)
def test_fails_where_athena_does(lake: Lake, sql: str, says: str) -> None:
    """With Athena's words rather than DuckDB's."""
    with pytest.raises(BadSql, match=re.escape(says)) as error:
        lake.query(f"SELECT {sql}")
    assert "athena:" not in str(error.value)
    assert lake.query(f"SELECT TRY({sql}) AS tried").rows == [[None]]


def test_every_function_of_the_tables_has_a_test() -> None:
    """One that is added without its values is found here."""
    tested = Path(__file__).with_name("test_trino_answers.py").read_text("utf-8").lower()
    missing = [
        name
        for name in {*SCALARS, *AGGREGATES, *WITH_LAMBDAS, *OWN}
        if not re.search(rf"\b{re.escape(name)}\(", tested)
    ]
    assert sorted(missing) == []


@pytest.mark.parametrize("opened", [400, 5000, 20_000])
def test_deep_nesting_is_a_usage_error(tmp_path: Path, capsys: pytest.CaptureFixture[str], opened: int) -> None:
    """It ends with 2 and says what to do, whatever is nested."""
    for sql in (f"SELECT {'(' * opened}1{')' * opened}", f"SELECT {'abs(' * opened}1{')' * opened}"):
        with pytest.raises(TooDeep):
            compile_query(sql)
    assert run(["query", "--sql", f"SELECT {'(' * opened}1{')' * opened}", "--data", str(tmp_path)]) == 2
    assert "fewer brackets" in capsys.readouterr().err


WORDS = """SELECT FROM WHERE GROUP BY ORDER LIMIT ( ) , 1 'a' * x count(*) "analysed-messages-table" detail.text AS = ||
CASE WHEN THEN END [ ] -> UNNEST JOIN ON NULL ARRAY[1] lower( UNION WITH t IN OVER() ? ; -- " ' ${ \\"""


@settings(max_examples=150, deadline=None)
@given(words=st.lists(st.sampled_from(WORDS.split()), max_size=14))
def test_any_text_is_translated_or_refused_in_words(words: list[str]) -> None:
    """No other error ever reaches whoever typed it."""
    with contextlib.suppress(BadSql):
        assert compile_query("SELECT " + " ".join(words))


def test_some_nesting_is_fine(lake: Lake) -> None:
    """Nobody writes more by hand."""
    assert lake.query(f"SELECT {'(' * 30}1{')' * 30} AS x").rows == [[1]]
