"""What `make bench` measures: a program of its own, as the proof is."""
