"""The rules of the bus as they are deployed."""
