"""Operating the bot of this machine: what stands behind the operating commands here."""
