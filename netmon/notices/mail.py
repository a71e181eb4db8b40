"""E-mail: one message in RFC 5322's form, with an id that mail programs know twins by."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from email import policy
from email.message import EmailMessage
from email.utils import format_datetime

from netmon.clock import Clock
from netmon.errors import Rejected
from netmon.notices.addressees import Addressees
from netmon.notices.channel import Channel, Ticket
from netmon.notices.mail_session import MailSettings, connected
from netmon.notices.message import Message, Sort
from netmon.notices.own_thread import OwnThread
from netmon.text import clean


class Mail(Channel):
    """Sends to each address by itself.

    SMTP has no question "did you get that?": a kill between sending and noting so repeats the message,
    under the same Message-ID.
    """

    def __init__(self, name: str, settings: MailSettings, clock: Clock) -> None:
        self.name = name
        self._settings, self._clock = settings, clock
        self._addressees = Addressees(settings.to)
        self._thread = OwnThread(f"mail {name}", settings.timeout_seconds * 2)

    async def send(self, message: Message, *, again: bool = False) -> Sequence[Ticket]:
        """Send it."""
        del again
        await self._thread.call(lambda: self._bring(message))
        return ()

    async def reach(self) -> str:
        """Connect, encrypt and log in."""
        await self._thread.call(self._log_in)
        return "the mail server lets us in"

    async def close(self) -> None:
        """Let the thread go."""
        self._thread.close()

    def _log_in(self) -> None:
        with connected(self._settings):
            pass

    def _bring(self, message: Message) -> None:
        now = datetime.fromtimestamp(self._clock.wall_ns() / 1e9, UTC)
        with connected(self._settings) as post:
            self._addressees.bring(
                message.id, lambda to: post(to, letter(message, self._settings.sender, to, now))
            )


def letter(message: Message, sender: str, to: str, now: datetime) -> bytes:
    """Return the message as it travels; Rejected when an address cannot be written."""
    domain = sender.partition("@")[2]
    incident, _, step = message.id.partition("/")
    found = EmailMessage()
    try:
        found["From"], found["To"] = sender, to
        found["Subject"] = clean(message.title)
        found["Date"] = format_datetime(now)
        found["Message-ID"] = f"<{_atom(incident)}.{_atom(step) or '0'}.netmon@{domain}>"
        # Mail programs put all steps of an incident below each other by this.
        found["References"] = f"<{_atom(incident)}.netmon@{domain}>"
        # RFC 3834: holiday replies and loops end here.
        found["Auto-Submitted"] = "auto-generated"
        found["X-Netmon-Key"] = clean(message.key)
        # A root that was saved from the wire must be read as it is: no soft breaks, no =3D.
        plain = message.sort is Sort.ROOTS and message.text.isascii()
        found.set_content(f"{message.text}\n", cte="7bit" if plain else "quoted-printable")
        # smtplib sends octets as they are, and lines end with CRLF there (RFC 5321 section 2.3.8).
        return found.as_bytes(policy=policy.SMTP)
    except ValueError as error:
        raise Rejected(f"this cannot be written as a letter: {error}") from error


def _atom(text: str) -> str:
    return "".join(c if c.isascii() and (c.isalnum() or c in "-_") else "." for c in text).strip(".")
