"""Analysis: fetches the images of a message into the media store."""
