"""Events on the bus, live."""
