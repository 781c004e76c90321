"""Checks of `twbot doctor`, each with its fix."""
