"""The door: checks what X sends and turns it into events."""
