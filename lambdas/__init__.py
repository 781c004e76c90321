"""What runs: contracts, rules, ports, and one package per microservice."""
