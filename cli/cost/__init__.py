"""Estimates a stage's cost: runs its workflow and handlers on recorded messages, counts their calls, adds prices."""
