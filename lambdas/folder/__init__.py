"""The folder that says what a bot is: its words, rules, people, queries and functions. Both platforms read it."""
