"""The local data lake: partitioned files, queried with DuckDB in Athena's SQL."""
