"""The system on AWS."""
