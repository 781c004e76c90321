"""Athena's SQL (Trino's) on DuckDB: what is translated says the same as in Athena, everything else is refused by name.

`compile_query` reads a statement, finds the type of each expression, and writes DuckDB's SQL. docs/decisions/0010.
"""
