"""The local adapters behind the ports of lambdas/ports.py."""
