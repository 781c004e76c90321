"""Sends alerts by email through the subscription's own SMTP server. No error message quotes the server's answer."""

from __future__ import annotations

import smtplib
import ssl
from email.message import EmailMessage
from email.utils import formatdate, make_msgid

from twbot.lambdas.alerting.alert import Alert
from twbot.lambdas.alerting.subscription import Smtp, Subscription
from twbot.lambdas.errors import Permanent, Temporary
from twbot.lambdas.settings import LOOPBACK

TIMEOUT = 10.0


def send_mail(to: Subscription, alert: Alert) -> None:
    """Send one alert. Raises Temporary, or Permanent where the server refuses the login, the mail or the address."""
    if to.smtp is None:
        raise Permanent("No mail server was named with this address.")
    try:
        with _connected(to.smtp) as server:
            if to.smtp.user is not None:
                server.login(to.smtp.user, to.smtp.password or "")
            server.send_message(_mail(to, to.smtp, alert))
    except smtplib.SMTPNotSupportedError:
        raise Permanent("The mail server offers no encryption (STARTTLS), or no login.") from None
    except smtplib.SMTPRecipientsRefused as error:
        raise _refused("the address", *(code for code, _ in error.recipients.values())) from None
    except smtplib.SMTPAuthenticationError as error:
        raise _refused("user and password", error.smtp_code) from None
    except smtplib.SMTPResponseException as error:
        raise _refused("the mail", error.smtp_code) from None
    except ssl.SSLCertVerificationError:
        raise Permanent("The mail server's certificate is not valid.") from None
    except (smtplib.SMTPException, OSError) as error:
        raise Temporary(f"The mail server cannot be reached: {type(error).__name__}.") from None


def _connected(smtp: Smtp) -> smtplib.SMTP:
    """Connect with TLS or STARTTLS. Only a server on this machine may be used without encryption."""
    if smtp.tls:
        return smtplib.SMTP_SSL(smtp.host, smtp.port, timeout=TIMEOUT, context=ssl.create_default_context())
    server = smtplib.SMTP(smtp.host, smtp.port, timeout=TIMEOUT)
    try:
        if smtp.host not in LOOPBACK:
            server.starttls(context=ssl.create_default_context())
    except BaseException:
        server.close()
        raise
    return server


def _mail(to: Subscription, smtp: Smtp, alert: Alert) -> EmailMessage:
    sender = smtp.user if smtp.user and "@" in smtp.user else to.address
    mail = EmailMessage()
    mail["Subject"], mail["From"], mail["To"] = alert.subject, sender, to.address
    mail["Date"], mail["Message-ID"] = formatdate(), make_msgid(domain=sender.rpartition("@")[2])
    # Keeps vacation responders from answering. https://www.rfc-editor.org/rfc/rfc3834#section-5
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content(alert.body)
    return mail


def _refused(what: str, *codes: int) -> Temporary | Permanent:
    # 5xx replies are permanent, 4xx transient: https://www.rfc-editor.org/rfc/rfc5321#section-4.2.1
    message = f"The mail server refuses {what} ({', '.join(map(str, codes))})."
    return Permanent(message) if all(code >= 500 for code in codes) else Temporary(message)
