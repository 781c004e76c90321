"""The system on AWS as CDK stacks: one module per microservice."""
