"""The Lambda handlers: one module per function, `<module>.handler`."""
