"""Putting a stage on AWS: the CDK command, checked before, explained after."""
