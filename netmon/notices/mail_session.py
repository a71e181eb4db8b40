"""The door to smtplib: connection, STARTTLS, log-in; what its answers mean. Everything here blocks."""

from __future__ import annotations

import smtplib
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

from netmon.errors import DeliveryError, Parked, Rejected, RetryLater, Unreachable
from netmon.text import clean

Post = Callable[[str, bytes], str]
"""Sends one letter to one address; returns no ticket: SMTP has none."""


@dataclass(frozen=True, slots=True)
class MailSettings:
    """How to reach a mail server; the password is not part of the repr."""

    host: str
    port: int
    sender: str
    to: tuple[str, ...]
    username: str = ""
    password: str = field(default="", repr=False)
    starttls: bool = True
    ca_file: str = ""
    timeout_seconds: float = 10.0


@contextmanager
def connected(settings: MailSettings) -> Iterator[Post]:
    """Give a way to send; DeliveryError when there is none."""
    with _verdicts():
        client = smtplib.SMTP(settings.host, settings.port, timeout=settings.timeout_seconds)
    try:
        with _verdicts():
            _log_in(client, settings)
        yield lambda to, letter: _send(client, settings.sender, to, letter)
    finally:
        with suppress(smtplib.SMTPException, OSError):
            client.quit()
        client.close()


def _log_in(client: smtplib.SMTP, settings: MailSettings) -> None:
    if settings.starttls:
        # Never without: SMTPNotSupportedError when the server does not offer it, or somebody cut it out.
        client.starttls(context=ssl.create_default_context(cafile=settings.ca_file or None))
    if settings.username:
        client.login(settings.username, settings.password)


def _send(client: smtplib.SMTP, sender: str, to: str, letter: bytes) -> str:
    with _verdicts():
        client.sendmail(sender, [to], letter)
    return ""


@contextmanager
def _verdicts() -> Iterator[None]:
    """Turn the library's errors into ours."""
    try:
        yield
    except smtplib.SMTPException as error:
        raise _verdict(error) from error
    except ssl.SSLError as error:
        raise Parked(f"TLS: {clean(str(error))}") from error
    except OSError as error:
        raise Unreachable(clean(str(error)) or type(error).__name__) from error


def _verdict(error: smtplib.SMTPException) -> DeliveryError:
    if isinstance(error, smtplib.SMTPServerDisconnected):
        return Unreachable(clean(str(error)))
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        code, words = next(iter(error.recipients.values()))
        return _by_code(code, _said(code, words), Rejected)
    if isinstance(error, smtplib.SMTPDataError):
        return _by_code(error.smtp_code, _said(error.smtp_code, error.smtp_error), Rejected)
    if isinstance(error, smtplib.SMTPResponseException):
        return _by_code(error.smtp_code, _said(error.smtp_code, error.smtp_error), Parked)
    return Parked(clean(str(error)))


def _by_code(code: int, said: str, for_good: Callable[[str], DeliveryError]) -> DeliveryError:
    # RFC 5321 section 4.2.1: 4yz is of the moment, 5yz of the message, the account or the server.
    return RetryLater(said) if code < 500 else for_good(said)


def _said(code: int, words: bytes | str) -> str:
    return f"{code} {clean(words)}"
