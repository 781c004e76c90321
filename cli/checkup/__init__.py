"""What `twbot doctor` checks."""
