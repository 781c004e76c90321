"""Rules as they are deployed."""
