"""Messages between the bot and a process of its own: JSON with its length in front, on a socket pair."""

from __future__ import annotations

import socket
import struct
import threading

import msgspec

_LENGTH = struct.Struct(">I")
MAX_MESSAGE = 64 * 1024 * 1024  # bytes; a picture of a reply has 5 MB at most


class Message(msgspec.Struct, frozen=True, tag=True):
    """Base of all messages."""


class Channel:
    """One end of the socket pair. Any thread may send."""

    def __init__(self, end: socket.socket) -> None:
        self._socket = end
        self._sending = threading.Lock()
        self._held = bytearray()

    def fileno(self) -> int:
        return self._socket.fileno()

    def send(self, message: Message) -> None:
        """Send a message. Raises OSError where the other end is gone."""
        body = msgspec.json.encode(message)
        with self._sending:
            self._socket.sendall(_LENGTH.pack(len(body)) + body)

    def receive(self) -> bytes | None:
        """Wait for a message and return it; None where the other end is gone."""
        while (message := self.taken()) is None:
            if not self.read():
                return None
        return message

    def read(self) -> bool:
        """Read what has come, or wait for it. Return False where the other end is gone."""
        try:
            data = self._socket.recv(1 << 20)
        except OSError:
            return False
        self._held += data
        return bool(data)

    def taken(self) -> bytes | None:
        """Return a message that was read, None where none is whole. Raises ValueError for what is no message."""
        if len(self._held) < _LENGTH.size:
            return None
        (length,) = _LENGTH.unpack_from(self._held)
        if length > MAX_MESSAGE:
            raise ValueError(f"a message of {length} bytes")
        end = _LENGTH.size + length
        if len(self._held) < end:
            return None
        message = bytes(self._held[_LENGTH.size : end])
        del self._held[:end]
        return message

    def close(self) -> None:
        self._socket.close()
