"""Dead letters: events that a rule's target did not accept, however often they were delivered."""
