"""The simulated X's page under /page, for people: what was posted and delivered, and switches for faults."""
