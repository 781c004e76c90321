"""Egress: posts replies on X, each of them once."""
