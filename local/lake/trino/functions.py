"""The functions of Trino that are translated: their parameters, DuckDB's expression, and the type of the answer.

What is not in here is refused by name. Each line is tested in tests/local/lake/test_trino_answers.py with values of
Trino's documentation: https://trino.io/docs/current/functions.html
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import msgspec

from twbot.local.lake.trino.types import (
    BIGINT,
    BOOLEAN,
    DATE,
    DOUBLE,
    INTEGER,
    JSON,
    TEXT,
    UNKNOWN,
    VARBINARY,
    ZONED,
    Type,
    array,
    common,
    decimal,
    map_of,
)

Returns = Type | int | Callable[[Sequence[Type]], Type]


class Function(msgspec.Struct, frozen=True):
    """One form of a function."""

    takes: tuple[str, ...]
    """The kind of each argument, see `compiler.KINDS`."""
    sql: str
    """DuckDB's expression; {0} is the first argument, {all} all of them."""
    returns: Returns
    """A type, the number of the argument whose type it has, or a function of the arguments' types."""
    more: bool = False
    """Whether the last argument may be repeated."""


def _element(kinds: Sequence[Type]) -> Type:
    return kinds[0].of[0] if kinds[0].of else UNKNOWN


def _value(kinds: Sequence[Type]) -> Type:
    return kinds[0].of[1]


def _entries(kinds: Sequence[Type]) -> Type:
    return array(Type("row", kinds[0].of, ("", "")))


def _same(kinds: Sequence[Type]) -> Type:
    merged = kinds[0]
    for kind in kinds[1:]:
        merged = common(merged, kind) or merged
    return merged


def _whole(kinds: Sequence[Type]) -> Type:
    kind = kinds[0]
    return decimal(kind.size[0] - kind.size[1] + min(kind.size[1], 1), 0) if kind.name == "decimal" else kind


def _f(takes: str, sql: str, returns: Returns, more: bool = False) -> Function:
    return Function(tuple(takes.split()), sql, returns, more)


_SPACES = "chr(9)||chr(10)||chr(11)||chr(12)||chr(13)||chr(28)||chr(29)||chr(30)||chr(31)||' '||chr(5760)||chr(8192)||chr(8193)||chr(8194)||chr(8195)||chr(8196)||chr(8197)||chr(8198)||chr(8200)||chr(8201)||chr(8202)||chr(8232)||chr(8233)||chr(8287)||chr(12288)"  # noqa: E501
TRIMS = {
    name: f"{name}({{0}}, {_SPACES})" for name in ("trim", "ltrim", "rtrim")
}  # Java's white space: DuckDB's own trim() takes spaces only.

_TEXTS: dict[str, list[Function]] = {
    "length": [_f("s", "CAST(length({0}) AS BIGINT)", BIGINT)],
    "lower": [_f("s", "lower({0})", TEXT)],
    # Java has no capital of one character for ß: it stays. DuckDB's reverse() keeps combined characters together.
    "upper": [_f("s", "athena_upper({0})", TEXT)],
    "reverse": [_f("s", "athena_reverse({0})", TEXT), _f("a", "list_reverse({0})", 0)],
    **{name: [_f("s", sql, TEXT)] for name, sql in TRIMS.items()},
    "substr": [
        _f("s i", "athena_substr({0}, {1}, CAST(length({0}) AS BIGINT) + 1)", TEXT),
        _f("s i i", "athena_substr({0}, {1}, {2})", TEXT),
    ],
    "strpos": [_f("s s", "strpos({0}, {1})", BIGINT)],
    "replace": [_f("s s", "athena_replace({0}, {1}, '')", TEXT), _f("s s s", "athena_replace({0}, {1}, {2})", TEXT)],
    "split": [
        _f("s s", "athena_split({0}, {1})", array(TEXT)),
        _f("s s i", "athena_split_limit({0}, {1}, {2})", array(TEXT)),
    ],
    "split_part": [_f("s s i", "athena_split_part({0}, {1}, {2})", TEXT)],
    "starts_with": [_f("s s", "starts_with({0}, {1})", BOOLEAN)],
    "ends_with": [_f("s s", "ends_with({0}, {1})", BOOLEAN)],
    "chr": [_f("i", "chr(CAST({0} AS INTEGER))", TEXT)],
    "codepoint": [_f("s", "athena_codepoint({0})", INTEGER)],
    "lpad": [_f("s i s", "athena_lpad({0}, {1}, {2})", TEXT)],
    "rpad": [_f("s i s", "athena_rpad({0}, {1}, {2})", TEXT)],
    "translate": [_f("s s s", "translate({0}, {1}, {2})", TEXT)],
    "concat_ws": [_f("s a", "array_to_string({1}, {0})", TEXT), _f("s s", "concat_ws({all})", TEXT, True)],
    "levenshtein_distance": [_f("s s", "levenshtein({0}, {1})", BIGINT)],
    "hamming_distance": [_f("s s", "hamming({0}, {1})", BIGINT)],
    "regexp_like": [_f("s p", "regexp_matches({0}, {1})", BOOLEAN)],
    "regexp_count": [_f("s p", "CAST(len(regexp_extract_all({0}, {1})) AS BIGINT)", BIGINT)],
    "regexp_split": [_f("s p", "string_split_regex({0}, {1})", array(TEXT))],
    "url_extract_protocol": [_f("s", "athena_url_part({0}, 1)", TEXT)],
    "url_extract_host": [_f("s", "athena_url_host({0})", TEXT)],
    "url_extract_port": [_f("s", "athena_url_port({0})", BIGINT)],
    "url_extract_path": [_f("s", "athena_url_part({0}, 3)", TEXT)],
    "url_extract_query": [_f("s", "athena_url_part({0}, 4)", TEXT)],
    "url_extract_fragment": [_f("s", "athena_url_part({0}, 5)", TEXT)],
    "url_extract_parameter": [_f("s s", "athena_url_parameter({0}, {1})", TEXT)],
    "url_encode": [_f("s", "athena_url_encode({0})", TEXT)],
    "url_decode": [_f("s", "athena_url_decode({0})", TEXT)],
    "to_utf8": [_f("s", "encode({0})", VARBINARY)],
    "from_utf8": [_f("x", "decode({0})", TEXT)],
    "to_hex": [_f("x", "hex({0})", TEXT)],
    "from_hex": [_f("s", "unhex({0})", VARBINARY)],
    "to_base64": [_f("x", "to_base64({0})", TEXT)],
    "from_base64": [_f("s", "from_base64({0})", VARBINARY)],
    "md5": [_f("x", "unhex(md5({0}))", VARBINARY)],
    "sha1": [_f("x", "unhex(sha1({0}))", VARBINARY)],
    "sha256": [_f("x", "unhex(sha256({0}))", VARBINARY)],
}

_DOUBLES = {
    "sqrt": "sqrt({0})", "cbrt": "athena_cbrt({0})", "exp": "exp({0})", "ln": "ln({0})", "log2": "log2({0})",
    "log10": "log10({0})", "sin": "sin({0})", "cos": "cos({0})", "tan": "tan({0})", "asin": "asin({0})",
    "acos": "acos({0})", "atan": "atan({0})", "sinh": "sinh({0})", "cosh": "cosh({0})", "tanh": "tanh({0})",
    "degrees": "degrees({0})", "radians": "radians({0})",
}  # fmt: skip
_NUMBERS: dict[str, list[Function]] = {
    **{name: [_f("d", sql, DOUBLE)] for name, sql in _DOUBLES.items()},
    "abs": [_f("n", "abs({0})", 0)],
    "ceiling": [_f("i", "{0}", 0), _f("n", "ceil({0})", _whole)],
    "floor": [_f("i", "{0}", 0), _f("n", "floor({0})", _whole)],
    "round": [
        _f("i", "{0}", 0),
        _f("n", "round({0})", _whole),
        _f("i i", "round({0}, {1})", 0),
        _f("m i", "round({0}, {1})", lambda kinds: decimal(kinds[0].size[0] + 1, kinds[0].size[1])),
        _f("d i", "athena_round({0}, {1})", DOUBLE),
    ],
    "truncate": [
        _f("m", "trunc({0})", lambda kinds: decimal(kinds[0].size[0] - kinds[0].size[1], 0)),
        _f("d", "trunc({0})", DOUBLE),
        _f("m i", "trunc({0}, {1})", 0),
        _f("d i", "athena_truncate({0}, {1})", DOUBLE),
    ],
    "sign": [_f("i", "sign({0})", 0), _f("m", "sign({0})", lambda _: decimal(1, 0)), _f("d", "sign({0})", DOUBLE)],
    "power": [_f("d d", "pow({0}, {1})", DOUBLE)],
    "log": [_f("d d", "(ln({1}) / ln({0}))", DOUBLE)],
    "atan2": [_f("d d", "atan2({0}, {1})", DOUBLE)],
    "pi": [_f("", "pi()", DOUBLE)],
    "e": [_f("", "exp(1e0)", DOUBLE)],
    "infinity": [_f("", "CAST('inf' AS DOUBLE)", DOUBLE)],
    "nan": [_f("", "CAST('nan' AS DOUBLE)", DOUBLE)],
    "is_nan": [_f("d", "isnan({0})", BOOLEAN)],
    "is_finite": [_f("d", "isfinite({0})", BOOLEAN)],
    "is_infinite": [_f("d", "isinf({0})", BOOLEAN)],
    "random": [_f("", "random()", DOUBLE), _f("i", "floor(random() * {0})", 0)],
    "to_base": [_f("i i", "lower(to_base({0}, CAST({1} AS INTEGER)))", TEXT)],
    "bitwise_and": [_f("i i", "(CAST({0} AS BIGINT) & CAST({1} AS BIGINT))", BIGINT)],
    "bitwise_or": [_f("i i", "(CAST({0} AS BIGINT) | CAST({1} AS BIGINT))", BIGINT)],
    "bitwise_xor": [_f("i i", "xor(CAST({0} AS BIGINT), CAST({1} AS BIGINT))", BIGINT)],
    "bitwise_not": [_f("i", "(~CAST({0} AS BIGINT))", BIGINT)],
}

_TIMES: dict[str, list[Function]] = {
    "now": [_f("", "date_trunc('millisecond', now())", ZONED)],
    "current_timezone": [_f("", "'UTC'", TEXT)],
    "from_unixtime": [_f("d", "date_trunc('millisecond', to_timestamp({0}))", ZONED)],
    "from_iso8601_date": [
        _f("s", "CAST(athena_castable({0}, '[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}', 'date') AS DATE)", DATE)
    ],
    "to_unixtime": [_f("t", "epoch({0})", DOUBLE)],
    "last_day_of_month": [_f("w", "last_day({0})", DATE)],
    "to_milliseconds": [_f("v", "epoch_ms({0})", BIGINT)],
}

_PARTS = {
    "year": "year", "quarter": "quarter", "month": "month", "week": "week", "week_of_year": "week", "day": "day",
    "day_of_month": "day", "day_of_week": "isodow", "dow": "isodow", "day_of_year": "doy", "doy": "doy",
    "year_of_week": "isoyear", "yow": "isoyear",
}  # fmt: skip
_CLOCK = {
    "hour": "hour({0})",
    "minute": "minute({0})",
    "second": "second({0})",
    "millisecond": "millisecond({0}) % 1000",
}
PARTS: dict[str, list[Function]] = {
    **{name: [_f("w", f"date_part('{part}', {{0}})", BIGINT)] for name, part in _PARTS.items()},
    **{name: [_f("c", sql, BIGINT)] for name, sql in _CLOCK.items()},
}

# Without json_parse(): Trino sorts the names of its objects.
_JSONS: dict[str, list[Function]] = {
    "json_extract_scalar": [_f("j q", "athena_json_scalar({0}, {1})", TEXT)],
    "json_extract": [_f("j q", "athena_json_extract({0}, {1})", JSON)],
    "json_array_length": [_f("j", "athena_json_length({0})", BIGINT)],
    "json_format": [_f("J", "CAST({0} AS VARCHAR)", TEXT)],
}

_LISTS: dict[str, list[Function]] = {
    "cardinality": [_f("a", "CAST(len({0}) AS BIGINT)", BIGINT), _f("M", "CAST(cardinality({0}) AS BIGINT)", BIGINT)],
    "element_at": [_f("a i", "athena_element_at({0}, {1})", _element), _f("M k", "{0}[{1}]", _value)],
    "contains": [_f("a y", "athena_contains({0}, {1})", BOOLEAN)],
    "array_distinct": [_f("a", "athena_distinct({0})", 0)],
    "array_intersect": [_f("a a", "list_sort(list_distinct(list_intersect({0}, {1})))", _same)],
    "array_union": [_f("a a", "athena_distinct(list_concat({0}, {1}))", _same)],
    "array_except": [
        _f("a a", "list_filter(athena_distinct({0}), lambda q: list_contains({1}, q) IS NOT TRUE)", 0),
    ],
    "array_join": [
        _f("a s", "array_to_string({0}, {1})", TEXT),
        _f("a s s", "array_to_string(list_transform({0}, lambda q: coalesce(CAST(q AS VARCHAR), {2})), {1})", TEXT),
    ],
    "array_max": [_f("a", "athena_array_max({0})", _element)],
    "array_min": [_f("a", "athena_array_min({0})", _element)],
    "array_position": [
        _f(
            "a y",
            "CASE WHEN {0} IS NULL OR {1} IS NULL THEN NULL ELSE coalesce(list_position({0}, {1}), 0) END",
            BIGINT,
        )
    ],
    "array_remove": [_f("a y", "athena_array_remove({0}, {1})", 0)],
    "array_sort": [_f("a", "list_sort({0}, 'ASC', 'NULLS LAST')", 0)],
    "arrays_overlap": [_f("a a", "athena_overlap({0}, {1})", BOOLEAN)],
    "flatten": [_f("a", "flatten({0})", _element)],
    "repeat": [_f("* i", "list_transform(range(CAST({1} AS BIGINT)), lambda q: {0})", lambda kinds: array(kinds[0]))],
    "sequence": [
        _f("i i", "athena_sequence({0}, {1}, CASE WHEN {0} <= {1} THEN 1 ELSE -1 END)", array(BIGINT)),
        _f("i i i", "athena_sequence({0}, {1}, {2})", array(BIGINT)),
    ],
    "slice": [_f("a i i", "athena_slice({0}, {1}, {2})", 0)],
    "map": [_f("a a", "map({0}, {1})", lambda kinds: map_of(kinds[0].of[0], kinds[1].of[0]))],
    "map_keys": [_f("M", "map_keys({0})", lambda kinds: array(kinds[0].of[0]))],
    "map_values": [_f("M", "map_values({0})", lambda kinds: array(kinds[0].of[1]))],
    "map_entries": [_f("M", "map_entries({0})", _entries)],
    "map_from_entries": [
        _f(
            "a",
            "map_from_entries({0})",
            lambda kinds: map_of(*_element(kinds).of) if len(_element(kinds).of) == 2 else UNKNOWN,
        )
    ],
}

SCALARS: dict[str, list[Function]] = {**_TEXTS, **_NUMBERS, **_TIMES, **PARTS, **_JSONS, **_LISTS}
SCALARS |= {
    other: SCALARS[name]
    for other, name in {
        "substring": "substr", "ceil": "ceiling", "pow": "power", "rand": "random",
    }.items()
}  # fmt: skip


class Aggregate(msgspec.Struct, frozen=True):
    """An aggregate or window function."""

    takes: tuple[str, ...]
    call: str
    returns: Returns
    cast: str = "{0}"
    """What becomes of the answer, after FILTER and OVER: the call is {0}."""
    windows_only: bool = False


def _a(takes: str, call: str, returns: Returns, cast: str = "{0}") -> Aggregate:
    return Aggregate(tuple(takes.split()), call, returns, cast)


def _w(takes: str, call: str, returns: Returns, cast: str = "{0}") -> Aggregate:
    return Aggregate(tuple(takes.split()), call, returns, cast, windows_only=True)


_BIG = "CAST({0} AS BIGINT)"
AGGREGATES: dict[str, list[Aggregate]] = {
    "count": [_a("", "count(*)", BIGINT), _a("*", "count({0})", BIGINT)],
    "count_if": [_a("b", "count(CASE WHEN {0} THEN 1 END)", BIGINT)],
    "sum": [
        _a("i", "sum({0})", BIGINT, _BIG),
        _a("m", "sum({0})", lambda kinds: decimal(38, kinds[0].size[1])),
        _a("d", "sum({0})", DOUBLE),
    ],
    "avg": [_a("m", "avg({0})", 0), _a("d", "avg({0})", DOUBLE)],
    "min": [_a("o", "min({0})", 0)],
    "max": [_a("o", "max({0})", 0)],
    "min_by": [_a("* o", "arg_min_null({0}, {1})", 0)],
    "max_by": [_a("* o", "arg_max_null({0}, {1})", 0)],
    "any_value": [_a("*", "any_value({0})", 0)],
    "array_agg": [_a("*", "array_agg({0})", lambda kinds: array(kinds[0]))],
    "bool_and": [_a("b", "bool_and({0})", BOOLEAN)],
    "bool_or": [_a("b", "bool_or({0})", BOOLEAN)],
    "approx_distinct": [_a("*", "count(DISTINCT {0})", BIGINT)],
    "approx_percentile": [
        _a("i d", "quantile_disc({0}, {1})", 0),
        _a("d d", "quantile_disc({0}, {1})", DOUBLE),
    ],
    "histogram": [_a("*", "histogram({0})", lambda kinds: map_of(kinds[0], BIGINT))],
    "map_agg": [
        _a(
            "* *",
            "list(struct_pack(k := {0}, v := {1}))",
            lambda kinds: map_of(kinds[0], kinds[1]),
            "map_from_entries({0})",
        )
    ],
    "geometric_mean": [_a("d", "geomean({0})", DOUBLE)],
    "corr": [_a("d d", "corr({0}, {1})", DOUBLE)],
    "covar_pop": [_a("d d", "covar_pop({0}, {1})", DOUBLE)],
    "covar_samp": [_a("d d", "covar_samp({0}, {1})", DOUBLE)],
    **{name: [_a("d", f"{name}({{0}})", DOUBLE)] for name in ("stddev", "stddev_pop", "stddev_samp")},
    **{name: [_a("d", f"{name}({{0}})", DOUBLE)] for name in ("variance", "var_pop", "var_samp")},
    **{name: [_w("", f"{name}()", BIGINT)] for name in ("row_number", "rank", "dense_rank")},
    **{name: [_w("", f"{name}()", DOUBLE)] for name in ("percent_rank", "cume_dist")},
    "ntile": [_w("i", "ntile({0})", BIGINT)],
    **{
        name: [
            _w("*", f"{name}({{0}})", 0),
            _w("* i", f"{name}({{0}}, {{1}})", 0),
            _w("* i *", f"{name}({{0}}, {{1}}, {{2}})", 0),
        ]
        for name in ("lag", "lead")
    },
    **{name: [_w("*", f"{name}({{0}})", 0)] for name in ("first_value", "last_value")},
    "nth_value": [_w("* i", "nth_value({0}, {1})", 0)],
}
AGGREGATES |= {"arbitrary": AGGREGATES["any_value"], "every": AGGREGATES["bool_and"]}
# Those that take a lambda: the compiler writes them.
WITH_LAMBDAS = (
    "filter", "transform", "reduce", "any_match", "all_match", "none_match", "map_filter", "transform_values",
    "transform_keys", "zip_with",
)  # fmt: skip
# Those that calls.SPECIAL or the compiler writes.
OWN = (
    "concat", "greatest", "least", "nullif", "coalesce", "try", "typeof", "mod", "row", "date", "date_trunc",
    "date_add", "date_diff", "date_format", "date_parse", "format_datetime", "format", "to_iso8601",
    "from_iso8601_timestamp", "regexp_extract", "regexp_extract_all", "regexp_replace", "if", "at_timezone",
    "with_timezone",
)  # fmt: skip
