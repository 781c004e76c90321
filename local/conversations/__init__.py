"""Says things to the bot of a folder beside a simulated X, and tells what it did: for `twbot test` and pytest."""
