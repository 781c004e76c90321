"""Egress: posts replies on X, each once."""
