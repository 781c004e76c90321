"""`python -m twbot`: run the command where the `twbot` script is not on the PATH."""

from twbot.cli.main import main

main()
