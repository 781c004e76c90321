"""Analysis: the workflow, and the function that fetches the images of a message into the media store."""
