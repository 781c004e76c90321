"""Responding: answers with an annotated picture or with the chatbot's text."""
