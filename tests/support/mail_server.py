"""A mail server on loopback, plain SMTP: https://www.rfc-editor.org/rfc/rfc5321"""

from __future__ import annotations

import base64
import contextlib
import socketserver
import threading
from collections.abc import Iterator
from email import message_from_bytes, policy
from email.message import EmailMessage


class MailServer:
    """`mails` came in. `refusing`: by command (RCPT, AUTH, DATA, STARTTLS …), the answer instead."""

    def __init__(self, host: str, port: int) -> None:
        self.host, self.port = host, port
        self.mails: list[EmailMessage] = []
        self.logins: list[str] = []
        self.refusing: dict[str, str] = {}


@contextlib.contextmanager
def mail_server(host: str = "127.0.0.1") -> Iterator[MailServer]:
    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            self.say("220 ready")
            while line := self.rfile.readline():
                command = line.split()[0].upper().decode() if line.split() else ""
                if command in known.refusing:
                    self.say(known.refusing[command])
                elif command == "EHLO":
                    self.say("250-here\r\n250 AUTH PLAIN")
                elif command == "AUTH":
                    known.logins.append(base64.b64decode(line.split()[2]).decode())
                    self.say("235 welcome")
                elif command == "DATA":
                    self.take()
                elif command == "QUIT":
                    self.say("221 bye")
                    return
                else:
                    self.say("502 what?" if command == "STARTTLS" else "250 ok")

        def take(self) -> None:
            self.say("354 go on")
            lines = []
            while (line := self.rfile.readline()) not in (b".\r\n", b""):
                lines.append(line.removeprefix(b"."))
            known.mails.append(message_from_bytes(b"".join(lines), policy=policy.default))
            self.say("250 taken")

        def say(self, text: str) -> None:
            self.wfile.write(f"{text}\r\n".encode())

    class Server(socketserver.ThreadingTCPServer):
        daemon_threads = True
        allow_reuse_address = True

    with Server((host, 0), Handler) as server:
        known = MailServer(host, server.server_address[1])
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        try:
            yield known
        finally:
            server.shutdown()
            thread.join()
