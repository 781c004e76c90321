"""Live screens of the terminal."""
