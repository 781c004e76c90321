"""The system on AWS Lambda: one thin entry point a function, and the adapters behind the ports."""
