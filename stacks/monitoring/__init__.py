"""The metrics, alarms and dashboard of a stage."""
