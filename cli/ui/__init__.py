"""What every command shares on the terminal: options, prompts, tables, charts, times and completion."""
