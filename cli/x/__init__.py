"""X's side of the set-up: keys, webhooks, subscriptions and sample deliveries."""
