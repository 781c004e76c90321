"""HTTPS connections to public addresses only. The check is made on the open connection."""

from __future__ import annotations

import email.utils
import ipaddress
import logging
import math
import socket
import time
from collections.abc import Callable

import requests
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPSConnection
from urllib3.connectionpool import HTTPSConnectionPool

from twbot.lambdas.errors import Permanent

# Seconds to connect and to read; 3.05 is just above TCP's first retransmission:
# https://requests.readthedocs.io/en/latest/user/advanced/#timeouts
TIMEOUTS = (3.05, 10.0)
MAX_WAIT = 3600.0  # seconds

# At DEBUG it logs the path of each request, which is the secret part of a webhook's address.
logging.getLogger("urllib3").setLevel(logging.INFO)


def webhook_session() -> requests.Session:
    """Return a session for webhooks. It raises Permanent for an https address on a private network."""
    session = requests.Session()
    # No proxy and no .netrc of the environment: neither may see the address.
    session.trust_env = False
    session.mount("https://", PublicOnly(lambda: Permanent("The address is on a private network.")))
    return session


def retry_at(header: str | None) -> float | None:
    """Return the epoch seconds that a Retry-After header names, at most an hour ahead; None where it is unreadable.

    It is a number of seconds or a date: https://www.rfc-editor.org/rfc/rfc9110#section-10.2.3
    """
    if header is None:
        return None
    now = time.time()
    try:
        wait = float(header)
    except ValueError:
        try:
            wait = email.utils.parsedate_to_datetime(header).timestamp() - now
        except ValueError:
            return None
    return None if math.isnan(wait) else now + min(max(wait, 0.0), MAX_WAIT)


class PublicOnly(HTTPAdapter):
    """Refuse addresses of private networks. Use it with `session.mount("https://", …)`.

    refusal: makes the exception that is raised for such an address
    """

    def __init__(self, refusal: Callable[[], Exception]) -> None:
        self._pool = _pool(refusal)
        super().__init__()

    def init_poolmanager(self, *args: object, **options: object) -> None:
        super().init_poolmanager(*args, **options)  # type: ignore[arg-type]
        self.poolmanager.pool_classes_by_scheme = {"https": self._pool}


def _pool(refusal: Callable[[], Exception]) -> type[HTTPSConnectionPool]:
    class Connection(HTTPSConnection):
        def _new_conn(self) -> socket.socket:
            # The connected peer, not the resolved name: a name may resolve to another address the next time
            # (DNS rebinding). https://docs.python.org/3/library/ipaddress.html#ipaddress.IPv4Address.is_global
            connection = super()._new_conn()
            if not ipaddress.ip_address(connection.getpeername()[0]).is_global:
                connection.close()
                raise refusal()
            return connection

    class Pool(HTTPSConnectionPool):
        ConnectionCls = Connection

    return Pool
