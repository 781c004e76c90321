"""`twbot demo`: a scenario on a simulated X, checked step by step."""
