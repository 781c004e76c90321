"""Dead letters: events that a rule's target did not take."""
