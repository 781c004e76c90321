"""The chatbot, as `twbot chat` asks it."""
