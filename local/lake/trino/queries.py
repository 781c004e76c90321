"""Statements: one SELECT over the lake's table, with its subqueries, in DuckDB's SQL."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from typing import Any

import sqlglot
from sqlglot import exp
from sqlglot.dialects.trino import Trino
from sqlglot.errors import SqlglotError
from sqlglot.tokens import TokenType  # type: ignore[attr-defined]

from twbot.lambdas.analytics.columns import table_columns
from twbot.lambdas.analytics.results import BadSql, TooDeep
from twbot.lambdas.analytics.table import DATABASE, PARTITION, TABLE
from twbot.local.lake.trino import calls
from twbot.local.lake.trino.casts import as_text
from twbot.local.lake.trino.compiler import PARAMETER, Compiler
from twbot.local.lake.trino.scope import Relation, Scope, Typed
from twbot.local.lake.trino.types import BIGINT, VARCHAR, Type, read_type

Columns = list[tuple[str, Type]]
_ONE = "Only one SELECT at a time can be run."
_NOT_TRINO = {TokenType.DCOLON: "::", TokenType.ILIKE: "ILIKE", TokenType.QUALIFY: "QUALIFY", TokenType.DIV: "DIV"}
# What sqlglot reads and Trino's grammar does not have, as the names of consecutive tokens; END is the statement's end.
# https://trino.io/docs/current/sql/select.html
_END = "END"
_NOT_TRINO_THERE = [
    (re.compile(r" COMMA (END|FROM|R_PAREN|R_BRACKET|WHERE|GROUP_BY|HAVING|ORDER_BY|LIMIT) "), "A comma before {}"),
    (re.compile(r" (?:END|L_PAREN|UNION|ALL|INTERSECT|EXCEPT) (FROM) "), "{} before SELECT"),
    (re.compile(r" LIMIT \w+ (OFFSET) "), "LIMIT before {}"),
]
# sqlglot reads 1e0+2 as one number.
_SUM = re.compile(r"([eE][+-]?[0-9]+)([+-])")
# 0x1F, 1_000: sqlglot reads the one as bytes, the other as 1 with an alias.
_FOREIGN_NUMBER = re.compile(r"0[xXbBoO]|[0-9]+(\.[0-9]*)?[A-DF-Za-df-z_]")
_OWN_GRAMMAR = ("CAST", "TRY_CAST", "EXTRACT", "TRIM", "POSITION", "SUBSTRING", "LISTAGG")
_SELECT = {"with_", "with", "expressions", "from_", "from", "joins", "where", "group", "having", "order", "limit",
           "offset", "distinct", "kind", "operation_modifiers"}  # fmt: skip
_JOIN = {"this", "side", "kind", "on", "using"}


class _Dialect(Trino):
    """Trino's grammar with every function as it is written: this package alone knows what each means."""

    INDEX_OFFSET = 0  # indices stay as they are written

    class Parser(Trino.Parser):  # type: ignore[misc, valid-type]
        FUNCTIONS: dict[str, Any] = {}  # noqa: RUF012 - as sqlglot has it
        FUNCTION_PARSERS = {  # noqa: RUF012
            name: parser for name, parser in Trino.Parser.FUNCTION_PARSERS.items() if name in _OWN_GRAMMAR
        }


def compile_query(sql: str) -> str:
    """Return one query of Athena's SQL in DuckDB's. Its `?` become $1, $2 …

    Raises BadSql for anything but a single SELECT, for what Athena refuses, and for what is not translated; TooDeep.
    """
    try:
        tree = _parse(sql)
        columns = Queries().query(tree, Scope())
        return _for_people(tree.sql("duckdb", comments=False), columns)
    except RecursionError:
        raise TooDeep("That SQL is nested too deeply: write it with fewer brackets, or in parts with WITH.") from None
    except SqlglotError as error:
        raise BadSql(f"That is not SQL that Athena understands: {str(error).splitlines()[0]}") from None


def _parse(sql: str) -> exp.Query:
    tokens = _Dialect().tokenize(sql)
    _check_grammar(tokens)
    marked, at, numbers = "", 0, itertools.count(1)
    for token in tokens:
        written = sql[token.start : token.end + 1]
        if token.token_type == TokenType.PLACEHOLDER:
            written = f"'{PARAMETER}{next(numbers)}'"
        elif _FOREIGN_NUMBER.match(sql, token.start):
            raise BadSql(
                f"{sql[token.start : token.start + 20].split(maxsplit=1)[0]} is not a number that is translated here."
            )
        elif token.token_type == TokenType.NUMBER:
            written = _SUM.sub(r"\1 \2 ", written)
        marked += sql[at : token.start] + written
        at = token.end + 1
    statements = [each for each in sqlglot.parse(marked + sql[at:], read=_Dialect) if each is not None]
    if len(statements) != 1 or not isinstance(statements[0], exp.Query):
        raise BadSql(_ONE)
    return statements[0]


def _check_grammar(tokens: list[Any]) -> None:
    """Raise BadSql for what sqlglot would read, and Athena would not."""
    for token in tokens:
        if token.token_type in _NOT_TRINO or token.text == "==":
            raise BadSql(f"{_NOT_TRINO.get(token.token_type, token.text)} is not known to Athena.")
    names = (_END if token.token_type == TokenType.SEMICOLON else token.token_type.name for token in tokens)
    order = f" {' '.join([_END, *names, _END])} "
    for pattern, words in _NOT_TRINO_THERE:
        if found := pattern.search(order):
            where = {_END: "the end", "R_PAREN": ")", "R_BRACKET": "]"}.get(found[1], found[1].replace("_", " "))
            raise BadSql(f"{words.format(where)} is not known to Athena.")


def _for_people(sql: str, columns: Columns) -> str:
    """Cast what DuckDB's client would show in another way than Athena: intervals, and times on other clocks."""
    odd = [at for at, (_, kind) in enumerate(columns) if "interval" in kind.name or kind.zone != "UTC"]
    if not odd:
        return sql
    names = [f"c{at}" for at in range(len(columns))]
    values = [
        as_text(Typed(f"shown.{name}", kind)) if at in odd else f"shown.{name}"
        for at, (name, (_, kind)) in enumerate(zip(names, columns, strict=True))
    ]
    shown = [_aliased(value, title).sql("duckdb") for value, (title, _) in zip(values, columns, strict=True)]
    return f"SELECT {', '.join(shown)} FROM ({sql}) AS shown({', '.join(names)})"  # noqa: S608 - compiled above


class Queries:
    """Compiles the queries of one statement in place: afterwards the tree is DuckDB's."""

    def __init__(self) -> None:
        self._compiler = Compiler(self.query)
        self._aliases = (f"r{number}" for number in itertools.count(1))
        self._ctes: list[dict[str, Columns]] = []

    def query(self, node: Any, outer: Scope) -> Columns:
        """Compile a query and return its columns. Raises BadSql."""
        self._ctes.append(dict(self._ctes[-1]) if self._ctes else {})
        try:
            if (with_ := node.args.get("with_") or node.args.get("with")) is not None:
                self._with(with_, outer)
            if isinstance(node, exp.Select):
                return self._select(node, outer)
            if isinstance(node, exp.SetOperation):
                return self._set_operation(node, outer)
            if isinstance(node, exp.Subquery) and not node.args.get("joins"):
                return self._parenthesised(node, outer)
            if isinstance(node, exp.Values):
                return self._values(node, outer)
        finally:
            self._ctes.pop()
        raise BadSql(
            _ONE if not isinstance(node, exp.Query) else f"{node.key.upper()} is not translated on this machine."
        )

    def _with(self, node: exp.With, outer: Scope) -> None:
        if node.args.get("recursive"):
            raise BadSql("WITH RECURSIVE is not translated on this machine; Athena may know it.")
        for cte in node.expressions:
            columns = self.query(cte.this, outer)
            names = [each.name for each in cte.args["alias"].args.get("columns") or []]
            self._ctes[-1][cte.alias.lower()] = _renamed(columns, names)
            cte.args["alias"].set(
                "columns", [exp.to_identifier(name, quoted=True) for name, _ in _renamed(columns, names)]
            )
            cte.args["alias"].this.set("quoted", True)
            cte.args["alias"].this.set("this", f"cte {cte.alias.lower()}")

    def _parenthesised(self, node: exp.Subquery, outer: Scope) -> Columns:
        columns = self.query(node.this, outer)
        self._order_and_limit(node, outer, columns)
        return columns

    def _set_operation(self, node: exp.SetOperation, outer: Scope) -> Columns:
        left, right = self.query(node.left, outer), self.query(node.right, outer)
        if len(left) != len(right):
            raise BadSql(f"{node.key.upper()} of queries with {len(left)} and {len(right)} columns.")
        if node.args.get("by_name"):
            raise BadSql("BY NAME is not known to Athena.")
        columns = [
            (name, calls.common_type([Typed("", kind), Typed("", other)], node.key.upper()))
            for (name, kind), (_, other) in zip(left, right, strict=True)
        ]
        self._order_and_limit(node, outer, columns)
        return columns

    def _select(self, node: exp.Select, outer: Scope) -> Columns:
        if others := [name for name, value in node.args.items() if value and name not in _SELECT]:
            raise BadSql(f"{others[0].upper()} is not translated on this machine; Athena may know it.")
        scope = Scope(outer)
        from_ = node.args.get("from_") or node.args.get("from")
        if from_ is not None:
            self._relation(from_, scope)
        for join in node.args.get("joins") or []:
            self._join(join, scope)
        if (where := node.args.get("where")) is not None:
            where.set("this", _raw(self._compiler.condition(where.this, scope, "WHERE")))
        columns = self._project(node, scope)
        if node.args.get("group") is not None:
            self._group(node.args["group"], scope, len(columns))
        if (having := node.args.get("having")) is not None:
            having.set("this", _raw(self._compiler.condition(having.this, scope, "HAVING")))
        if (distinct := node.args.get("distinct")) is not None and distinct.args.get("on") is not None:
            raise BadSql("DISTINCT ON is not known to Athena.")
        self._order_and_limit(node, scope, columns)
        return columns

    def _project(self, node: exp.Select, scope: Scope) -> Columns:
        columns: Columns = []
        written: list[Any] = []
        for each in node.expressions:
            if isinstance(each, exp.Star) or (isinstance(each, exp.Column) and isinstance(each.this, exp.Star)):
                for name, value in self._star(each, scope):
                    written.append(_aliased(value.sql, name))
                    columns.append((name, value.type))
                continue
            value = self._compiler.expression(each.unalias(), scope)
            name = each.alias or (each.name if isinstance(each, exp.Column | exp.Dot) else f"_col{len(columns)}")
            written.append(_aliased(value.sql, name))
            columns.append((name, value.type))
        node.set("expressions", written)
        return columns

    def _star(self, node: Any, scope: Scope) -> Iterator[tuple[str, Typed]]:
        if any(value for name, value in node.args.items() if name in ("except_", "except", "replace", "rename")):
            raise BadSql("* with EXCEPT or REPLACE is not known to Athena.")
        wanted = node.table.lower() if isinstance(node, exp.Column) else None
        relations = [each for each in scope.relations if wanted is None or each.name == wanted]
        if not relations:
            raise BadSql("SELECT * needs a table." if wanted is None else f"There is no table {wanted!r} here.")
        seen: set[str] = set()
        for each in relations:
            for name, kind in each.columns.items():
                if name in scope.merged and name in seen:
                    continue
                seen.add(name)
                yield name, Typed(f'{each.alias}."{name}"', kind)

    def _group(self, group: Any, scope: Scope, count: int) -> None:
        if others := [name for name, value in group.args.items() if value and name != "expressions"]:
            raise BadSql(f"GROUP BY {others[0].upper()} is not translated on this machine; Athena may know it.")
        written: list[Any] = []
        for each in group.expressions:
            if isinstance(each, exp.Literal) and not each.is_string:
                at = int(each.name)
                if not 1 <= at <= count:
                    raise BadSql(f"GROUP BY position {at} is not in the select list.")
                written.append(each)
            else:
                written.append(_raw(self._compiler.expression(each, scope).sql))
        group.set("expressions", written)

    def _order_and_limit(self, node: Any, scope: Scope, columns: Columns) -> None:
        if (order := node.args.get("order")) is not None:
            named = Scope(scope)
            # The names of the select list come first, as they are in DuckDB.
            named.variables = {
                name.lower(): Typed(f'"{name.replace(chr(34), chr(34) * 2)}"', kind, column=True)
                for name, kind in columns
            }
            for each in order.expressions:
                if isinstance(each.this, exp.Literal) and not each.this.is_string:
                    continue
                each.set("this", _raw(self._compiler.expression(each.this, named).sql))
        for name in ("limit", "offset"):
            part = node.args.get(name)
            if part is not None and not isinstance(part, exp.Fetch) and not isinstance(part.expression, exp.Literal):
                value = self._compiler.expression(part.expression, Scope())
                part.set("expression", _raw(value.sql))

    # FROM

    def _relation(self, holder: Any, scope: Scope) -> None:
        """Compile what a FROM or JOIN reads, and add it to the scope under an alias of ours."""
        source = holder.this
        for join in source.args.get("joins") or [] if not isinstance(source, exp.Query) else []:
            raise BadSql(f"{join.sql('trino')[:60]!r} within brackets is not translated on this machine.")
        alias, names = source.alias.lower(), [each.name for each in _alias_columns(source)]
        ours = next(self._aliases)
        target: Any
        if isinstance(source, exp.Table):
            columns, target = self._table(source)
            alias = alias or source.name.lower()
        elif isinstance(source, exp.Subquery):
            columns = self.query(source.this, Scope(scope.outer))
            target = exp.Subquery(this=source.this)
        elif isinstance(source, exp.Unnest):
            columns, target = self._unnest(source, scope)
        elif isinstance(source, exp.Values):
            columns, target = self._values(source, Scope(scope.outer)), exp.Values(expressions=source.expressions)
        else:
            raise BadSql(
                f"FROM {source.sql('trino')[:60]} is not translated on this machine: it reads the lake's table only."
            )
        if isinstance(source, exp.Unnest) and names and len(columns) == len(names) + 1:
            names.append(columns[-1][0])  # sqlglot takes the ordinality's name off the list
        columns = _renamed(columns, names)
        listed = [exp.to_identifier(name, quoted=True) for name, _ in columns]
        target.set("alias", exp.TableAlias(this=exp.to_identifier(ours), columns=listed))
        holder.set("this", target)
        by_name: dict[str, Type] = {}
        for name, kind in columns:
            by_name.setdefault(name.lower(), kind)
        scope.relations.append(Relation(alias, ours, by_name))

    def _table(self, node: exp.Table) -> tuple[Columns, exp.Table]:
        name = node.name.lower()
        if others := [
            key for key, value in node.args.items() if value and key not in ("this", "db", "alias", "catalog")
        ]:
            raise BadSql(f"{others[0].upper()} of a table is not translated on this machine.")
        if not isinstance(node.this, exp.Identifier):
            raise BadSql(f'FROM {node.sql("trino")[:60]} reads no table: the lake has one, "{TABLE}".')
        if not node.db and self._ctes and name in self._ctes[-1]:
            return self._ctes[-1][name], exp.Table(this=exp.to_identifier(f"cte {name}", quoted=True))
        if name != TABLE or (node.db and node.db.lower() != DATABASE):
            raise BadSql(f'Table {node.sql("trino")!r} does not exist: the lake has one, "{TABLE}".')
        return lake_columns(), exp.Table(this=exp.to_identifier(TABLE, quoted=True))

    def _unnest(self, node: exp.Unnest, scope: Scope) -> tuple[Columns, exp.Unnest]:
        if len(node.expressions) != 1:
            raise BadSql("UNNEST of several arrays is not translated on this machine: one CROSS JOIN for each.")
        value = self._compiler.expression(node.expressions[0], scope)
        if value.type.name == "map":
            raise BadSql("UNNEST of a map is not translated on this machine: UNNEST(map_entries(…)) or map_keys(…).")
        if value.type.name != "array":
            raise BadSql(f"UNNEST takes an array, not a {value.type}.")
        columns = [("", value.type.of[0])]
        offset = node.args.get("offset")
        if offset:
            columns.append((offset.name if isinstance(offset, exp.Identifier) else "ordinality", BIGINT))
        return columns, exp.Unnest(expressions=[_raw(value.sql)], offset=bool(offset))

    def _values(self, node: exp.Values, outer: Scope) -> Columns:
        rows = [
            self._compiler.all(each.expressions if isinstance(each, exp.Tuple) else [each], outer)
            for each in node.expressions
        ]
        if len({len(row) for row in rows}) != 1:
            raise BadSql("The rows of VALUES have different lengths.")
        kinds = [calls.united(list(column), "VALUES") for column in zip(*rows, strict=True)]
        node.set(
            "expressions",
            [exp.Tuple(expressions=[_raw(values[at].sql) for values, _ in kinds]) for at in range(len(rows))],
        )
        return [(f"_col{at}", kind) for at, (_, kind) in enumerate(kinds)]

    def _join(self, join: exp.Join, scope: Scope) -> None:
        if others := [name for name, value in join.args.items() if value and name not in _JOIN]:
            raise BadSql(f"{others[0].upper()} JOIN is not translated on this machine; Athena may know it.")
        if join.kind not in ("", "INNER", "OUTER", "CROSS"):
            raise BadSql(f"{join.kind} JOIN is not known to Athena.")
        self._relation(join, scope)
        if (on := join.args.get("on")) is not None:
            join.set("on", _raw(self._compiler.condition(on, scope, "ON")))
        if using := join.args.get("using"):
            if join.side == "FULL":
                raise BadSql("FULL JOIN with USING is not translated on this machine: write it with ON.")
            scope.merged |= {each.name.lower() for each in using}


def lake_columns() -> Columns:
    """Return the columns of the lake's table with their types."""
    columns = [(name, read_type(exp.DataType.build(hive, dialect="hive"))) for name, hive in table_columns().items()]
    return [*columns, (PARTITION, VARCHAR)]


def _alias_columns(node: Any) -> list[Any]:
    alias = node.args.get("alias")
    return list(alias.args.get("columns") or []) if alias is not None else []


def _renamed(columns: Columns, names: list[str]) -> Columns:
    if names and len(names) != len(columns):
        raise BadSql(f"The alias names {len(names)} columns where there are {len(columns)}.")
    return [(name, kind) for name, (_, kind) in zip(names, columns, strict=True)] if names else columns


def _raw(sql: str) -> exp.Expression:
    return exp.Var(this=sql)


def _aliased(sql: str, name: str) -> exp.Expression:
    return exp.Alias(this=_raw(sql), alias=exp.to_identifier(name, quoted=True))
