"""Alert subscriptions and raised alerts."""
