"""The code that runs on both platforms: contracts, event rules, ports, and one package per microservice."""
