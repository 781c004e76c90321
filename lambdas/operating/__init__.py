"""What operators see, on either platform: the records that the operating commands show, and how each is made of events."""
