"""What operators do at X: keys, webhooks, subscriptions, replays and sample deliveries."""
