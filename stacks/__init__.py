"""The system on AWS: CDK stacks, one module per microservice."""
