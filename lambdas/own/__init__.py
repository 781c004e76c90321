"""The functions of the bot's folder: what they are given, and how they are called."""
