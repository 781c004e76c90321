"""AWS adapters behind the ports, and what the handlers share. Each handler is the composition root of its function."""
