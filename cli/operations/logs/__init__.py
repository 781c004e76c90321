"""Log records of the bot."""
