"""The console: pages in the browser that show a bot and operate it, by the same ports as the commands."""
