"""Operating a stage on AWS: what stands behind the operating commands there."""
