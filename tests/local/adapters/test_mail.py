"""Alerts by email from this machine: a proper mail, encrypted unless it stays here, and errors that show nothing."""

from __future__ import annotations

import pytest

from tests.support.alerts import ANGRY
from tests.support.mail_server import MailServer, mail_server
from twbot.lambdas.alerting.alert import Alert
from twbot.lambdas.alerting.subscription import Smtp, Subscription
from twbot.lambdas.errors import Permanent, Temporary
from twbot.local.adapters.mail import send_mail


def to(server: MailServer, user: str | None = None) -> Subscription:
    password = "hidden" if user else None
    smtp = Smtp(host=server.host, port=server.port, tls=False, user=user, password=password)
    return Subscription(kind="email", address="me@example.org", smtp=smtp)


def test_a_mail_with_the_alert() -> None:
    """From the address itself where no user is named; it says that no person wrote it."""
    with mail_server() as server:
        send_mail(to(server), ANGRY)
    (mail,) = server.mails
    assert (mail["To"], mail["From"], mail["Subject"]) == ("me@example.org", "me@example.org", ANGRY.subject)
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail.get_content().strip() == "I hate this"
    assert not server.logins


def test_logs_in_where_a_user_is_named() -> None:
    """The mail is then from that user."""
    with mail_server() as server:
        send_mail(to(server, "bot@example.org"), ANGRY)
    assert server.logins == ["\0bot@example.org\0hidden"]
    assert server.mails[0]["From"] == "bot@example.org"


def test_a_stranger_s_words_stay_in_the_body() -> None:
    """Lines that look like headers, dots and any script included."""
    words = "Bcc: all@example.org\n.\nQUIT\r\n😡"
    with mail_server() as server:
        send_mail(to(server), Alert("1", "", "a", words, None, "s", words))
    (mail,) = server.mails
    assert "Bcc" not in mail
    assert mail.get_content().split() == words.split()


def test_nothing_leaves_this_machine_unencrypted() -> None:
    """A server elsewhere that offers no STARTTLS gets neither password nor mail."""
    with mail_server("127.0.0.2") as server, pytest.raises(Permanent, match="STARTTLS"):
        send_mail(to(server, "bot"), ANGRY)
    assert not server.logins
    assert not server.mails


@pytest.mark.parametrize(
    ("command", "answer", "kind", "says"),
    [
        ("RCPT", "550 no hidden@example.org", Permanent, "address"),
        ("RCPT", "450 later", Temporary, "address"),
        ("AUTH", "535 no", Permanent, "password"),
        ("AUTH", "454 later", Temporary, "password"),
        ("MAIL", "553 no", Permanent, "mail"),
        ("DATA", "554 hidden", Permanent, "mail"),
        ("DATA", "451 later", Temporary, "mail"),
    ],
)
def test_a_refusal_says_whether_to_try_again(command: str, answer: str, kind: type[Exception], says: str) -> None:
    """SMTP's 5xx are for good; no error holds a password or what the server said."""
    with mail_server() as server:
        server.refusing[command] = answer
        with pytest.raises(kind, match=says) as error:
            send_mail(to(server, "bot"), ANGRY)
    assert "hidden" not in str(error.value)


def test_a_server_out_of_reach() -> None:
    """Trying again may help."""
    with mail_server() as server:
        pass
    with pytest.raises(Temporary, match="cannot be reached"):
        send_mail(to(server), ANGRY)
