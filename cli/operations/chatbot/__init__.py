"""The chatbot that `twbot chat` talks to."""
