"""What operators do with a bot, one package per concern: its port, its records, and an adapter per platform."""
