"""HTTPS connections to public addresses only. The check is made on the open connection."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Callable

from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPSConnection
from urllib3.connectionpool import HTTPSConnectionPool


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
