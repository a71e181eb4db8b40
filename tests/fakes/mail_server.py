"""A mail server on a loopback port, with STARTTLS and log-in, that answers as told."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult
from fakes.loopback import SELF_SIGNED, server_tls
from fakes.ports import free_port

USER, PASSWORD = "netmon", "correct horse"


@dataclass
class MailServer:
    """`recipients` are answers to addresses, `data` answers to letters; both are used up first."""

    port: int = 0
    recipients: dict[str, str] = field(default_factory=dict)
    data: deque[str] = field(default_factory=deque)
    letters: list[tuple[str, EmailMessage]] = field(default_factory=list)

    async def handle_RCPT(self, _server, _session, envelope, address, _options):  # noqa: N802 - the library's name
        answer = self.recipients.pop(address, "250 OK")
        if answer.startswith("250"):
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(self, _server, _session, envelope):  # noqa: N802 - the library's name
        answer = self.data.popleft() if self.data else "250 taken"
        if answer.startswith("250"):
            letter = message_from_bytes(envelope.content, policy=policy.default)
            self.letters += [(to, letter) for to in envelope.rcpt_tos]
        return answer

    def authenticate(self, _server, _session, _envelope, _mechanism, data):
        good = (data.login, data.password) == (USER.encode(), PASSWORD.encode())
        return AuthResult(success=good, handled=False)


@contextmanager
def mail_server(*, tls: bool = True) -> Iterator[MailServer]:
    """Serve until the test ends."""
    fake = MailServer()
    context = server_tls(SELF_SIGNED) if tls else None
    auth = {"authenticator": fake.authenticate, "auth_required": True} if tls else {}
    fake.port = free_port()
    controller = Controller(
        fake, "127.0.0.1", fake.port, tls_context=context, require_starttls=tls, ready_timeout=10, **auth
    )
    controller.start()
    try:
        yield fake
    finally:
        controller.stop()
