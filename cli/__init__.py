"""The `twbot` command: what a person does."""
