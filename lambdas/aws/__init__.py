"""AWS adapters behind the ports, and the composition root that the handlers use."""
