"""Responding: the picture with the names, the chatbot's answer."""
