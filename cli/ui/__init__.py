"""The parts that all commands share: options, prompts, tables, charts, times and completion."""
