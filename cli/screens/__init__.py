"""Live displays on the terminal."""
