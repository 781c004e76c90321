"""Which addresses are this machine's own."""

from __future__ import annotations

from ipaddress import ip_address


def is_loopback(host: str) -> bool:
    """Return whether an IP address is this machine's own; False for what is no address."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
