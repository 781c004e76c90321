"""What operators see, on either platform: the records that the operating commands show, made of events."""
