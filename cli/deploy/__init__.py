"""Deploying a stage to AWS with the CDK command: preflight checks, progress, and errors in words."""
