"""The durable event bus on SQLite: rules, retries, dead letters and the archive."""
