"""What the system does: contracts, ports, and one package per microservice."""
