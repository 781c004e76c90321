"""What `twbot check` finds in a bot's folder without running the bot."""
