"""Ingress: verifies what X sends and turns it into events."""
