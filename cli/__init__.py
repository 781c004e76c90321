"""The twbot command."""
