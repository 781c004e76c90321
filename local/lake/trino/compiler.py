"""Expressions: each node that sqlglot has parsed becomes DuckDB's SQL with Trino's type. Other nodes are refused."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

from sqlglot import exp

from twbot.lambdas.analytics.results import BadSql
from twbot.local.lake.trino import calls, times
from twbot.local.lake.trino.casts import cast, coerce
from twbot.local.lake.trino.functions import AGGREGATES, PARTS, TRIMS, WITH_LAMBDAS, Aggregate
from twbot.local.lake.trino.scope import Scope, Typed, field_of
from twbot.local.lake.trino.texts import quoted
from twbot.local.lake.trino.types import (
    BIGINT,
    BOOLEAN,
    DATE,
    DAYS,
    DOUBLE,
    INTEGER,
    MONTHS,
    TEXT,
    TIMESTAMP,
    UNKNOWN,
    VARBINARY,
    ZONED,
    Type,
    array,
    common,
    decimal,
    duckdb_name,
    is_number,
    map_of,
    read_type,
)

# Marks a parameter, as which a literal with its number stands in the parsed text.
PARAMETER = "\uf8ff"
_INTERVALS = {"second": DAYS, "minute": DAYS, "hour": DAYS, "day": DAYS, "month": MONTHS, "year": MONTHS}
Query = Callable[[Any, Scope], list[tuple[str, Type]]]


class Compiler:
    """Compiles expressions. `query` compiles a subquery in place and returns its columns."""

    def __init__(self, query: Query) -> None:
        self._query = query
        self._tried: list[list[str]] = []
        """For each TRY around the expression, what DuckDB does not let it hold: aggregates and queries."""

    def expression(self, node: Any, scope: Scope) -> Typed:
        """Return an expression in DuckDB's SQL. Raises BadSql for what Trino refuses or is not translated."""
        handler = _HANDLERS.get(type(node))
        if handler is None:
            raise BadSql(f"{node.sql('trino')[:80]!r} is not translated on this machine; Athena may know it.")
        return handler(self, node, scope)

    def all(self, nodes: Sequence[Any], scope: Scope) -> list[Typed]:
        return [self.expression(node, scope) for node in nodes]

    def condition(self, node: Any, scope: Scope, where: str) -> str:
        return calls.logic(self.expression(node, scope), where)

    # Names and literals

    def _column(self, node: exp.Column, scope: Scope) -> Typed:
        return scope.find([part.name for part in node.parts])

    def _identifier(self, node: exp.Identifier, scope: Scope) -> Typed:
        return scope.find([node.name])

    def _dot(self, node: exp.Dot, scope: Scope) -> Typed:
        names: list[str] = []
        inner: Any = node
        while isinstance(inner, exp.Dot):
            names.insert(0, inner.expression.name)
            inner = inner.this
        if isinstance(inner, exp.Column):
            return scope.find([*(part.name for part in inner.parts), *names])
        if isinstance(inner, exp.Identifier):
            return scope.find([inner.name, *names])
        return field_of(self.expression(inner, scope), names)

    def _literal(self, node: exp.Literal, _: Scope) -> Typed:
        text = str(node.this)
        if node.is_string:
            if text.startswith(PARAMETER):
                return Typed(f"${text[1:]}", TEXT)
            return Typed(quoted(text), Type("varchar", size=(len(text),)), text)
        if not re.fullmatch(r"[0-9]+|([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?", text):
            raise BadSql(f"{text} is not a number that Athena reads.")
        if "e" in text.lower():
            return Typed(text, DOUBLE)
        if "." in text:
            whole, fraction = text.split(".")
            return Typed(text, decimal(len(whole) + len(fraction), len(fraction)))
        if int(text) > 2**63 - 1:
            raise BadSql(f"The number {text} is too large for a bigint.")
        return Typed(text, INTEGER) if int(text) < 2**31 else Typed(f"CAST({text} AS BIGINT)", BIGINT)

    def _boolean(self, node: exp.Boolean, _: Scope) -> Typed:
        return Typed("true" if node.this else "false", BOOLEAN)

    def _null(self, _: exp.Null, _scope: Scope) -> Typed:
        return Typed("NULL", UNKNOWN)

    def _hex(self, node: exp.HexString, _: Scope) -> Typed:
        return Typed(f"unhex({quoted(node.name)})", VARBINARY)

    def _unicode(self, node: exp.UnicodeString, _: Scope) -> Typed:
        text = re.sub(
            r"\\\\|\\\+([0-9A-Fa-f]{6})|\\([0-9A-Fa-f]{4})",
            lambda found: chr(int(found[1] or found[2], 16)) if found[1] or found[2] else "\\",
            node.name,
        )
        return Typed(quoted(text), Type("varchar", size=(len(text),)), text)

    def _interval(self, node: exp.Interval, _: Scope) -> Typed:
        unit = node.unit.name.lower() if node.unit is not None else ""
        if unit not in _INTERVALS or not re.fullmatch(r"[+-]?\d+", node.this.name if node.this else ""):
            raise BadSql("An interval is written as INTERVAL '3' DAY, with second, minute, hour, day, month or year.")
        return Typed(f"INTERVAL '{node.this.name} {unit}'", _INTERVALS[unit])

    def _paren(self, node: exp.Paren, scope: Scope) -> Typed:
        inner = self.expression(node.this, scope)
        return Typed(f"({inner.sql})", inner.type, inner.text, inner.column)

    def _tuple(self, node: exp.Tuple, scope: Scope) -> Typed:
        return calls.SPECIAL["row"](self.all(node.expressions, scope))

    def _array(self, node: exp.Array, scope: Scope) -> Typed:
        items = self.all(node.expressions, scope)
        if not items:
            return Typed("[]", array(UNKNOWN))
        values, kind = calls.united(items, "ARRAY")
        return Typed(f"[{', '.join(each.sql for each in values)}]", array(kind))

    # Operators

    def _and_or(self, node: exp.Connector, scope: Scope) -> Typed:
        word = "AND" if isinstance(node, exp.And) else "OR"
        parts = [self.condition(each, scope, word) for each in (node.left, node.right)]
        return Typed(f"({parts[0]} {word} {parts[1]})", BOOLEAN)

    def _not(self, node: exp.Not, scope: Scope) -> Typed:
        return Typed(f"(NOT {self.condition(node.this, scope, 'NOT')})", BOOLEAN)

    def _neg(self, node: exp.Neg, scope: Scope) -> Typed:
        value = self.expression(node.this, scope)
        if not is_number(value.type) and value.type not in (DAYS, MONTHS):
            raise BadSql(f"Cannot negate a {value.type}.")
        return Typed(f"(-{value.sql})", value.type)

    def _arithmetic(self, node: exp.Binary, scope: Scope) -> Typed:
        sign = {exp.Add: "+", exp.Sub: "-", exp.Mul: "*", exp.Div: "/", exp.Mod: "%"}[type(node)]
        left, right = self.expression(node.left, scope), self.expression(node.right, scope)
        times_or_intervals = [
            each for each in (left, right) if "time" in each.type.name or each.type.name in ("date", *_SPANS)
        ]
        return _with_times(sign, left, right) if times_or_intervals else calls.arithmetic(sign, left, right)

    def _compare(self, node: exp.Binary, scope: Scope) -> Typed:
        sign = _COMPARISONS[type(node)]
        values, _ = calls.united([self.expression(node.left, scope), self.expression(node.right, scope)], sign)
        return Typed(f"({values[0].sql} {sign} {values[1].sql})", BOOLEAN)

    def _between(self, node: exp.Between, scope: Scope) -> Typed:
        low, high = node.args["low"], node.args["high"]
        values, _ = calls.united(self.all([node.this, low, high], scope), "BETWEEN")
        return Typed(f"({values[0].sql} BETWEEN {values[1].sql} AND {values[2].sql})", BOOLEAN)

    def _in(self, node: exp.In, scope: Scope) -> Typed:
        value = self.expression(node.this, scope)
        if (query := node.args.get("query")) is not None:
            inner = self._subquery(query, scope)
            calls.common_type([value, inner], "IN")
            return Typed(f"({value.sql} IN {inner.sql})", BOOLEAN)
        values, _ = calls.united([value, *self.all(node.expressions, scope)], "IN")
        return Typed(f"({values[0].sql} IN ({', '.join(each.sql for each in values[1:])}))", BOOLEAN)

    def _is(self, node: exp.Is, scope: Scope) -> Typed:
        if not isinstance(node.expression, exp.Null):
            raise BadSql(f"IS {node.expression.sql('trino')} is not known to Athena.")
        return Typed(f"({self.expression(node.this, scope).sql} IS NULL)", BOOLEAN)

    def _like(self, node: exp.Like | exp.Escape, scope: Scope) -> Typed:
        escape = ""
        if isinstance(node, exp.Escape):
            escape, node = f" ESCAPE {quoted(node.expression.name)}", node.this
        if not isinstance(node, exp.Like):
            raise BadSql("ESCAPE belongs to LIKE.")
        values = self.all([node.this, node.expression], scope)
        if not calls.suits(values, ("s", "s")):
            raise BadSql(calls.wrong_arguments("LIKE", values))
        return Typed(f"({values[0].sql} LIKE {values[1].sql}{escape})", BOOLEAN)

    def _concat(self, node: exp.DPipe, scope: Scope) -> Typed:
        return calls.concatenated(self.all([node.left, node.right], scope))

    def _case(self, node: exp.Case, scope: Scope) -> Typed:
        subject = self.expression(node.this, scope) if node.this is not None else None
        whens, results = [], []
        for each in node.args["ifs"]:
            if subject is None:
                whens.append(self.condition(each.this, scope, "WHEN"))
            else:
                pair, _ = calls.united([subject, self.expression(each.this, scope)], "CASE")
                whens.append(f"{pair[0].sql} = {pair[1].sql}")
            results.append(self.expression(each.args["true"], scope))
        default = node.args.get("default")
        results.append(self.expression(default, scope) if default is not None else Typed("NULL", UNKNOWN))
        values, kind = calls.united(results, "CASE")
        body = " ".join(f"WHEN {when} THEN {then.sql}" for when, then in zip(whens, values, strict=False))
        return Typed(f"CASE {body} ELSE {values[-1].sql} END", kind)

    def _if(self, node: exp.If, scope: Scope) -> Typed:
        return calls.SPECIAL["if"](
            self.all([each for each in (node.this, node.args.get("true"), node.args.get("false")) if each], scope)
        )

    def _cast(self, node: exp.Cast, scope: Scope) -> Typed:
        value, to = self.expression(node.this, scope), read_type(node.to)
        if (
            isinstance(node.this, exp.Literal)
            and value.text is not None
            and to.name in ("timestamp", "timestamp with time zone", "decimal")
        ):
            return _typed_literal(value.text, node.to, to)
        done = cast(value, to)
        if isinstance(node, exp.TryCast):
            return Typed(f"TRY({done.sql})", done.type)
        return done

    def _at_time_zone(self, node: exp.AtTimeZone, scope: Scope) -> Typed:
        return times.at_time_zone(self.expression(node.this, scope), self.expression(node.args["zone"], scope))

    def _bracket(self, node: exp.Bracket, scope: Scope) -> Typed:
        value = self.expression(node.this, scope)
        if len(node.expressions) != 1:
            raise BadSql("[] takes one index or key.")
        index = self.expression(node.expressions[0], scope)
        if value.type.name == "array" and calls.suits([index], ("i",)):
            return Typed(f"athena_item({value.sql}, {index.sql})", value.type.of[0], column=True)
        if value.type.name == "map" and common(value.type.of[0], index.type):
            return Typed(f"athena_entry({value.sql}, {index.sql})", value.type.of[1], column=True)
        raise BadSql(f"Cannot use {index.type} for subscript of {value.type}.")

    # Queries within expressions

    def _subquery(self, node: Any, scope: Scope) -> Typed:
        inner = node.this if isinstance(node, exp.Subquery) else node
        columns = self._query(inner, scope)
        if len(columns) != 1:
            raise BadSql("A query within an expression has one column.")
        return self._outside(Typed(f"({inner.sql('duckdb')})", columns[0][1], column=True))

    def _exists(self, node: exp.Exists, scope: Scope) -> Typed:
        self._query(node.this, scope)
        return self._outside(Typed(f"EXISTS ({node.this.sql('duckdb')})", BOOLEAN))

    # Functions with a syntax of their own

    def _extract(self, node: exp.Extract, scope: Scope) -> Typed:
        part = node.name.lower()
        if part not in PARTS:
            raise BadSql(f"EXTRACT({node.name}) is not translated on this machine; Athena may know it.")
        return calls.scalar(part, [self.expression(node.expression, scope)])

    def _trim(self, node: exp.Trim, scope: Scope) -> Typed:
        value = self.expression(node.this, scope)
        name = {"LEADING": "ltrim", "TRAILING": "rtrim"}.get(str(node.args.get("position") or "").upper(), "trim")
        characters = node.args.get("expression")
        args = [value, *([self.expression(characters, scope)] if characters is not None else [])]
        if not calls.suits(args, ("s",) * len(args)):
            raise BadSql(calls.wrong_arguments(name, args))
        return Typed(f"{name}({args[0].sql}, {args[1].sql})" if len(args) > 1 else TRIMS[name].format(value.sql), TEXT)

    def _position(self, node: exp.StrPosition, scope: Scope) -> Typed:
        return calls.scalar("strpos", self.all([node.this, node.args["substr"]], scope))

    def _substring(self, node: exp.Substring, scope: Scope) -> Typed:
        parts = [node.this, node.args.get("start"), node.args.get("length")]
        return calls.scalar("substr", self.all([each for each in parts if each is not None], scope))

    def _current(self, node: exp.Expression, _: Scope) -> Typed:
        if node.this is not None:
            raise BadSql(f"{node.sql('trino')} with a precision is not translated on this machine.")
        if isinstance(node, exp.CurrentDate):
            return Typed("CAST(now() AT TIME ZONE 'UTC' AS DATE)", DATE)
        moment = "date_trunc('millisecond', now())"
        if isinstance(node, exp.CurrentTimestamp):
            return Typed(moment, ZONED)
        return Typed(f"({moment} AT TIME ZONE 'UTC')", TIMESTAMP)

    # Calls

    def _call(self, node: exp.Anonymous, scope: Scope) -> Typed:
        name = str(node.this).lower()
        calls.known_function(name)
        if name in AGGREGATES:
            return self.aggregate(node, scope)
        if name in WITH_LAMBDAS:
            return self._with_lambda(name, node.expressions, scope)
        if name == "try" and len(node.expressions) == 1:
            return self._try(node.expressions[0], scope)
        args = self.all(node.expressions, scope)
        if name == "mod":
            return calls.arithmetic("%", *args) if len(args) == 2 else _refuse(name, args)
        if name == "map" and not args:
            return Typed("map([], [])", map_of(UNKNOWN, UNKNOWN))
        return calls.SPECIAL[name](args) if name in calls.SPECIAL else calls.scalar(name, args)

    def _try(self, node: Any, scope: Scope) -> Typed:
        self._tried.append([])
        try:
            value = self.expression(node, scope)
        finally:
            outside = self._tried.pop()
        if not outside:
            return Typed(f"TRY({value.sql})", value.type, column=True)
        # They are computed outside, and passed in through a lambda.
        packed = ", ".join(f"a{at} := {sql}" for at, sql in enumerate(outside))
        tried = f"list_transform([struct_pack({packed})], lambda tried: TRY({value.sql}))"
        return self._outside(Typed(f"list_extract({tried}, 1)", value.type, column=True))

    def _outside(self, value: Typed) -> Typed:
        """Return how a TRY around it reads the value, or the value where there is none."""
        if not self._tried:
            return value
        self._tried[-1].append(value.sql)
        return Typed(f"tried.a{len(self._tried[-1]) - 1}", value.type, column=True)

    def aggregate(
        self, node: exp.Anonymous, scope: Scope, *, filter_: str = "", over: str = "", nulls: str = ""
    ) -> Typed:
        """Return an aggregate or window function with what stands after it."""
        name, nodes, distinct, order = str(node.this).lower(), list(node.expressions), "", ""
        calls.known_function(name)
        if name not in AGGREGATES:
            raise BadSql(f"{name}() is no aggregate or window function.")
        if nodes and isinstance(nodes[-1], exp.Order):
            order = f" {self.order(nodes[-1], scope)}"
            nodes[-1] = nodes[-1].this
        if len(nodes) == 1 and isinstance(nodes[0], exp.Distinct):
            distinct, nodes = "DISTINCT ", list(nodes[0].expressions)
        nodes = [] if len(nodes) == 1 and isinstance(nodes[0], exp.Star) and name == "count" else nodes
        args = self.all(nodes, scope)
        form = next((each for each in AGGREGATES[name] if calls.suits(args, each.takes)), None)
        if form is None or (form.windows_only and not over):
            return _refuse(name, args)
        return self._outside(_aggregate(name, form, args, distinct, order, filter_, over, nulls))

    def _filter(self, node: exp.Filter, scope: Scope, over: str = "") -> Typed:
        condition = self.condition(node.expression.this, scope, "FILTER")
        return self.aggregate(_called(node.this), scope, filter_=f" FILTER (WHERE {condition})", over=over)

    def _window(self, node: exp.Window, scope: Scope) -> Typed:
        parts = []
        if node.args.get("alias") is not None:
            raise BadSql("A window that has a name is not translated on this machine: write it out after OVER.")
        if partition := node.args.get("partition_by"):
            parts.append(f"PARTITION BY {', '.join(each.sql for each in self.all(partition, scope))}")
        if (order := node.args.get("order")) is not None:
            parts.append(self.order(order, scope))
        if (spec := node.args.get("spec")) is not None:
            parts.append(spec.sql("duckdb"))
        over, call, nulls = f" OVER ({' '.join(parts)})", node.this, ""
        if isinstance(call, exp.IgnoreNulls | exp.RespectNulls):
            nulls, call = " IGNORE NULLS" if isinstance(call, exp.IgnoreNulls) else "", call.this
        if isinstance(call, exp.Filter):
            return self._filter(call, scope, over)
        return self.aggregate(_called(call), scope, over=over, nulls=nulls)

    def order(self, node: exp.Order, scope: Scope) -> str:
        """Return ORDER BY. NULLs come last in both directions, as in Trino."""
        return "ORDER BY " + ", ".join(
            f"{self.expression(each.this, scope).sql}{' DESC' if each.args.get('desc') else ''}"
            f" NULLS {'FIRST' if each.args.get('nulls_first') else 'LAST'}"
            for each in node.expressions
        )

    def _listagg(self, node: exp.GroupConcat, scope: Scope) -> Typed:
        inner = node.this
        order = f" {self.order(inner, scope)}" if isinstance(inner, exp.Order) else ""
        value = self.expression(inner.this if isinstance(inner, exp.Order) else inner, scope)
        separator = node.args.get("separator")
        sign = self.expression(separator, scope) if separator is not None else Typed("''", TEXT)
        if not calls.suits([value, sign], ("s", "s")) or node.args.get("on_overflow"):
            return _refuse("listagg", [value, sign])
        return Typed(f"string_agg({value.sql}, {sign.sql}{order})", TEXT)

    # Lambdas

    def _with_lambda(self, name: str, nodes: Sequence[Any], scope: Scope) -> Typed:
        plain = self.all([each for each in nodes if not isinstance(each, exp.Lambda)], scope)
        lambdas = [each for each in nodes if isinstance(each, exp.Lambda)]
        handler = _LAMBDAS.get((name, len(plain), len(lambdas)))
        if handler is None:
            return _refuse(name, plain)
        wanted = "map" if name.startswith(("map_", "transform_")) else "array"
        if any(each.type.name != wanted for each in plain[: 2 if name == "zip_with" else 1]):
            return _refuse(name, plain)
        return handler(self, name, plain, lambdas, scope)

    def body(self, node: exp.Lambda, scope: Scope, values: Sequence[Typed]) -> Typed:
        """Return a lambda's body, in which its arguments are the values."""
        names = [each.name for each in node.expressions]
        if len(names) != len(values):
            raise BadSql(f"The lambda takes {len(names)} arguments where {len(values)} are given.")
        inner = Scope(scope)
        inner.variables = {name.lower(): value for name, value in zip(names, values, strict=True)}
        return self.expression(node.this, inner)


_SPANS = (DAYS.name, MONTHS.name)


def _refuse(name: str, args: Sequence[Typed]) -> Typed:
    raise BadSql(calls.wrong_arguments(name, args))


def _called(node: Any) -> exp.Anonymous:
    if not isinstance(node, exp.Anonymous):
        raise BadSql(f"{node.sql('trino')[:80]!r} is not translated on this machine with FILTER or OVER.")
    return node


def _aggregate(
    name: str, form: Aggregate, args: Sequence[Typed], distinct: str, order: str, filter_: str, over: str, nulls: str
) -> Typed:
    given = [calls.argument(value, letter).sql for value, letter in zip(args, form.takes, strict=True)]
    call, kind = form.call.format(*given), calls.returned(form.returns, [each.type for each in args])
    if distinct or order or nulls:
        if not call.startswith(f"{name}(") or (distinct and not given):
            return _refuse(f"{name}({distinct.strip()})", args)
        call = f"{name}({distinct}{', '.join(given)}{order}{nulls})"
    if name in ("any_value", "arbitrary") and over:
        return _refuse(f"{name} OVER", args)
    sql = form.cast.format(f"{call}{filter_}{over}")
    if kind.name in ("decimal", "map", "array") or name in ("approx_percentile", "histogram"):
        sql = (
            f"CAST({sql} AS {duckdb_name(kind)})"
            if kind.name in ("decimal", "bigint", "integer", "double", "map")
            else sql
        )
    return Typed(sql, kind, column=True)


def _with_times(sign: str, left: Typed, right: Typed) -> Typed:
    """Return date, timestamp and interval arithmetic."""
    if sign in ("+", "-") and left.type.name in _SPANS and left.type == right.type:
        return Typed(f"({left.sql} {sign} {right.sql})", left.type)
    if sign == "*" and {left.type.name in _SPANS, right.type.name in _SPANS} == {True, False}:
        span, number = (left, right) if left.type.name in _SPANS else (right, left)
        if number.type.name in ("integer", "bigint"):
            return Typed(f"({span.sql} * {number.sql})", span.type)
    if sign == "+" and left.type.name in _SPANS:
        left, right = right, left
    if sign in ("+", "-") and right.type.name in _SPANS and left.type.name not in _SPANS:
        return _moved(sign, left, right)
    if sign == "-" and left.type.name not in _SPANS and right.type.name not in _SPANS:
        values, kind = calls.united([left, right], "-")
        first, second = (f"CAST({each.sql} AS TIMESTAMP)" if kind == DATE else each.sql for each in values)
        return Typed(f"({first} - {second})", DAYS)
    raise BadSql(f"Cannot apply {sign} to {left.type} and {right.type}.")


def _moved(sign: str, moment: Typed, span: Typed) -> Typed:
    if moment.type.name == "date":
        moved = f"(CAST({moment.sql} AS TIMESTAMP) {sign} {span.sql})"
        # Trino refuses hours on a date.
        whole = f"date_trunc('day', {moved}) = {moved}"
        return Typed(
            f"CAST(athena_check({moved}, {whole}, 'Cannot add hour, minutes or seconds to a date') AS DATE)", DATE
        )
    if moment.type.name not in ("timestamp", "timestamp with time zone"):
        raise BadSql(f"Cannot add an interval to a {moment.type}.")
    if span.type == MONTHS and moment.type.zone != "UTC":
        return Typed(
            f"((({moment.sql} AT TIME ZONE '{moment.type.zone}') {sign} {span.sql}) AT TIME ZONE '{moment.type.zone}')",
            moment.type,
        )
    return Typed(f"({moment.sql} {sign} {span.sql})", moment.type)


def _typed_literal(text: str, node: Any, to: Type) -> Typed:
    """Return TIMESTAMP '…' or DECIMAL '…', whose precision and zone follow from the text."""
    if to.name == "decimal":
        bare = text.strip().lstrip("+-")
        whole, _, fraction = bare.partition(".")
        kind = to if node.expressions else decimal(len(whole) + len(fraction), len(fraction))
        return cast(Typed(quoted(text), Type("varchar"), text), kind)
    found = re.fullmatch(
        r"\s*(\d{4}-\d{1,2}-\d{1,2}(?: \d{1,2}:\d{1,2}(?::\d{1,2}(?:\.(\d{1,6}))?)?)?)\s*(.*?)\s*", text
    )
    if found is None or (found[3] and (to.name == "timestamp" or not text[: found.start(3)].endswith(" "))):
        return cast(Typed(quoted(text), Type("varchar"), text), to)
    digits = len(found[2] or "") if not _says_precision(node) else to.size[0]
    if not found[3]:
        kind = Type(to.name, size=(digits,))
        plain = Typed(f"CAST('{found[1]}' AS TIMESTAMP)", Type("timestamp", size=(digits,)))
        return plain if to.name == "timestamp" else cast(plain, kind)
    zone = "UTC" if found[3] in ("UTC", "Z", "+00:00") else found[3]
    if re.fullmatch(r"[+-]\d\d:\d\d", zone):
        zone = times.fixed_zone(zone)
    times.zone_name(Typed("", TEXT, zone))
    moment = f"(CAST('{found[1]}' AS TIMESTAMP) AT TIME ZONE '{zone}')"
    return Typed(moment, Type("timestamp with time zone", size=(digits,), zone=zone))


def _says_precision(node: Any) -> bool:
    """Whether the cast names its precision. sqlglot writes 0 where a literal names none."""
    return any(each.name != "0" for each in node.expressions)


Lambda = Callable[[Compiler, str, Sequence[Typed], Sequence[Any], Scope], Typed]
_COUNTER = iter(range(10**9))


def _fresh() -> str:
    # Names of their own: a body that is put into another one may not be caught by its argument.
    return f"v{next(_COUNTER)}"


def _on_items(self: Compiler, name: str, plain: Sequence[Typed], lambdas: Sequence[Any], scope: Scope) -> Typed:
    item, element = _fresh(), plain[0].type.of[0]
    body = self.body(lambdas[0], scope, [Typed(item, element, column=True)])
    if name == "transform":
        return Typed(f"list_transform({plain[0].sql}, lambda {item}: {body.sql})", array(body.type))
    calls.logic(body, f"The lambda of {name}()")
    if name == "filter":
        return Typed(f"list_filter({plain[0].sql}, lambda {item}: ({body.sql}) IS TRUE)", plain[0].type)
    answers = f"list_transform({plain[0].sql}, lambda {item}: {body.sql})"
    test = {"any_match": "athena_any({})", "all_match": "athena_all({})", "none_match": "(NOT athena_any({}))"}[name]
    return Typed(test.format(answers), BOOLEAN)


def _reduce(self: Compiler, _: str, plain: Sequence[Typed], lambdas: Sequence[Any], scope: Scope) -> Typed:
    state, item, element = _fresh(), _fresh(), plain[0].type.of[0]
    step = self.body(lambdas[0], scope, [Typed(state, plain[1].type, column=True), Typed(item, element, column=True)])
    kind = common(plain[1].type, step.type)
    if kind is None or (plain[1].type.name != "unknown" and kind.name != plain[1].type.name):
        raise BadSql(f"reduce(): the state is a {plain[1].type}, and becomes a {step.type}: CAST the first state.")
    # DuckDB needs one type for state and elements: both become rows of the two.
    pair = f"struct_pack(s := {coerce(plain[1], kind).sql}, x := CAST(NULL AS {duckdb_name(element)}))"
    stateless = f"struct_pack(s := CAST(NULL AS {duckdb_name(kind)}), x := {item})"
    rows = f"list_transform({plain[0].sql}, lambda {item}: {stateless})"
    left, right = _fresh(), _fresh()
    inner = self.body(
        lambdas[0], scope, [Typed(f"{left}.s", kind, column=True), Typed(f"{right}.x", element, column=True)]
    )
    reduced = (
        f"list_reduce({rows}, lambda {left}, {right}: struct_pack(s := CAST({inner.sql} AS {duckdb_name(kind)}),"
        f" x := CAST(NULL AS {duckdb_name(element)})), {pair})"
    )
    out = _fresh()
    done = self.body(lambdas[1], scope, [Typed(out, kind, column=True)])
    answer = f"list_extract(list_transform([struct_extract({reduced}, 's')], lambda {out}: {done.sql}), 1)"
    return Typed(f"CASE WHEN {plain[0].sql} IS NOT NULL THEN {answer} END", done.type)


def _on_entries(self: Compiler, name: str, plain: Sequence[Typed], lambdas: Sequence[Any], scope: Scope) -> Typed:
    entry, (key, value) = _fresh(), plain[0].type.of
    pair = [Typed(f"{entry}.key", key, column=True), Typed(f"{entry}.value", value, column=True)]
    body, entries = self.body(lambdas[0], scope, pair), f"map_entries({plain[0].sql})"
    if name == "map_filter":
        calls.logic(body, "The lambda of map_filter()")
        return Typed(f"map_from_entries(list_filter({entries}, lambda {entry}: ({body.sql}) IS TRUE))", plain[0].type)
    kept = (body.sql, pair[1].sql) if name == "transform_keys" else (pair[0].sql, body.sql)
    kind = map_of(body.type, value) if name == "transform_keys" else map_of(key, body.type)
    packed = f"list_transform({entries}, lambda {entry}: struct_pack(k := {kept[0]}, v := {kept[1]}))"
    return Typed(f"map_from_entries({packed})", kind)


def _zip_with(self: Compiler, _: str, plain: Sequence[Typed], lambdas: Sequence[Any], scope: Scope) -> Typed:
    pair = _fresh()
    values = [Typed(f"{pair}[{at + 1}]", each.type.of[0], column=True) for at, each in enumerate(plain)]
    body = self.body(lambdas[0], scope, values)
    zipped = f"list_zip({plain[0].sql}, {plain[1].sql})"
    return Typed(f"list_transform({zipped}, lambda {pair}: {body.sql})", array(body.type))


_LAMBDAS: dict[tuple[str, int, int], Lambda] = {
    **{(name, 1, 1): _on_items for name in ("transform", "filter", "any_match", "all_match", "none_match")},
    **{(name, 1, 1): _on_entries for name in ("map_filter", "transform_values", "transform_keys")},
    ("reduce", 2, 2): _reduce,
    ("zip_with", 2, 1): _zip_with,
}
_COMPARISONS = {
    exp.EQ: "=", exp.NEQ: "<>", exp.LT: "<", exp.LTE: "<=", exp.GT: ">", exp.GTE: ">=",
    exp.NullSafeEQ: "IS NOT DISTINCT FROM", exp.NullSafeNEQ: "IS DISTINCT FROM",
}  # fmt: skip
_HANDLERS: dict[type, Callable[[Compiler, Any, Scope], Typed]] = {
    exp.Column: Compiler._column,
    exp.Identifier: Compiler._identifier,
    exp.Dot: Compiler._dot,
    exp.Literal: Compiler._literal,
    exp.Boolean: Compiler._boolean,
    exp.Null: Compiler._null,
    exp.HexString: Compiler._hex,
    exp.UnicodeString: Compiler._unicode,
    exp.Interval: Compiler._interval,
    exp.Paren: Compiler._paren,
    exp.Tuple: Compiler._tuple,
    exp.Array: Compiler._array,
    exp.And: Compiler._and_or,
    exp.Or: Compiler._and_or,
    exp.Not: Compiler._not,
    exp.Neg: Compiler._neg,
    **dict.fromkeys((exp.Add, exp.Sub, exp.Mul, exp.Div, exp.Mod), Compiler._arithmetic),
    **dict.fromkeys(_COMPARISONS, Compiler._compare),
    exp.Between: Compiler._between,
    exp.In: Compiler._in,
    exp.Is: Compiler._is,
    exp.Like: Compiler._like,
    exp.Escape: Compiler._like,
    exp.DPipe: Compiler._concat,
    exp.Case: Compiler._case,
    exp.If: Compiler._if,
    exp.Cast: Compiler._cast,
    exp.TryCast: Compiler._cast,
    exp.AtTimeZone: Compiler._at_time_zone,
    exp.Bracket: Compiler._bracket,
    exp.Subquery: Compiler._subquery,
    exp.Exists: Compiler._exists,
    exp.Extract: Compiler._extract,
    exp.Trim: Compiler._trim,
    exp.StrPosition: Compiler._position,
    exp.Substring: Compiler._substring,
    exp.CurrentDate: Compiler._current,
    exp.CurrentTimestamp: Compiler._current,
    exp.Localtimestamp: Compiler._current,
    exp.Anonymous: Compiler._call,
    exp.Filter: Compiler._filter,
    exp.Window: Compiler._window,
    exp.GroupConcat: Compiler._listagg,
}
