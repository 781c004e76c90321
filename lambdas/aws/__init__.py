"""The AWS adapters behind the ports, and the composition root of the Lambda handlers."""
