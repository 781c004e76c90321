"""What a stage costs: prices times what the workflow and the handlers do for a message, counted while they do it."""
