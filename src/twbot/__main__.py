"""`python -m twbot`: the command, where its script is not on the path."""

from twbot.cli.main import main

main()
