"""People: those whom the bot names in pictures."""
