"""An issued report as a letter with its files, to each address once per revision."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from email import policy
from email.message import EmailMessage
from email.utils import format_datetime
from pathlib import Path

from netmon.errors import DeliveryError, Rejected, Unreachable
from netmon.evidence.reports.issued import Issued
from netmon.notices.mail_session import MailSettings, connected
from netmon.text import clean

_TYPES = {".html": ("text", "html"), ".json": ("application", "json"), ".csv": ("text", "csv")}
_MOST_BYTES = 10_000_000
"""Of all files together, before they are written in base64: more is refused by many mail servers."""
_MOST_CHANGES = 20
_FOLDER = ".mailed"
Post = Callable[[str, bytes], object]


@dataclass(frozen=True, slots=True)
class Delivery:
    """What a run of delivering came to: addresses that have it now, and why others have not."""

    sent: tuple[str, ...]
    failed: tuple[tuple[str, DeliveryError], ...]


def deliver(issued: Issued, title: str, channel: str, settings: MailSettings, now: datetime) -> Delivery:
    """Send the newest revision to who does not have it yet; DeliveryError where the server cannot be used.

    Who has it is noted beside the files after each letter: a kill between both repeats one letter, under
    the same Message-ID.
    """
    folder = issued.files[0].parent / _FOLDER / channel
    stem = issued.files[0].name.rpartition(".")[0]
    noted = _noted(folder / stem)
    wanted = [to for to in settings.to if to not in noted]
    sent: list[str] = []
    failed: list[tuple[str, DeliveryError]] = []
    if not wanted:
        return Delivery((), ())
    folder.mkdir(parents=True, exist_ok=True)
    with connected(settings) as post:
        for to in wanted:
            try:
                post(to, letter(issued, title, settings.sender, to, now))
            except Unreachable:
                raise
            except DeliveryError as error:
                failed.append((to, error))
                continue
            sent.append(to)
            (folder / stem).write_text("".join(f"{one}\n" for one in (*noted, *sent)), "utf-8")
    return Delivery(tuple(sent), tuple(failed))


def letter(issued: Issued, title: str, sender: str, to: str, now: datetime) -> bytes:
    """Return the letter as it travels; Rejected when an address cannot be written."""
    stem, domain = issued.files[0].name.rpartition(".")[0], sender.partition("@")[2]
    number = issued.revision.number
    found = EmailMessage()
    try:
        found["From"], found["To"] = sender, to
        found["Subject"] = clean(title if number == 1 else f"{title}, revision {number}")
        found["Date"] = format_datetime(now)
        found["Message-ID"] = f"<{_atom(stem)}.netmon@{domain}>"
        found["Auto-Submitted"] = "auto-generated"
        found.set_content(_words(issued, title), cte="quoted-printable")
        for path in attached(issued.files):
            kind, subtype = _TYPES[path.suffix]
            found.add_attachment(path.read_bytes(), maintype=kind, subtype=subtype, filename=path.name)
        return found.as_bytes(policy=policy.SMTP)
    except ValueError as error:
        raise Rejected(f"this cannot be written as a letter: {error}") from error


def attached(files: Sequence[Path]) -> list[Path]:
    """Return the files that are sent, the page first; those that would make it too large are left out."""
    found: list[Path] = []
    left = _MOST_BYTES
    for path in sorted((one for one in files if one.suffix in _TYPES), key=lambda one: one.suffix != ".html"):
        size = path.stat().st_size
        if size <= left:
            found.append(path)
            left -= size
    return found


def _words(issued: Issued, title: str) -> str:
    sent = attached(issued.files)
    kept = [path.name for path in issued.files if path not in sent]
    changes = issued.revision.changes
    lines = [title, "", f"Attached: {', '.join(path.name for path in sent) or 'nothing'}."]
    if kept:
        lines += [f"Too large for a letter, and kept where it was issued: {', '.join(kept)}."]
    if issued.revision.number > 1:
        lines += [
            "",
            f"Revision {issued.revision.number}: later data changed {len(changes)} {_figures(len(changes))}.",
        ]
        named = changes[:_MOST_CHANGES]
        lines += [f"* {one.place}: {_told(one.before)}, now {_told(one.after)}" for one in named]
        if len(changes) > _MOST_CHANGES:
            lines += [f"* and {len(changes) - _MOST_CHANGES} more; the report lists all of them"]
    return "\n".join(clean(line) for line in lines) + "\n"


def _figures(number: int) -> str:
    return "figure" if number == 1 else "figures"


def _told(value: str | None) -> str:
    return "not known" if value is None else value


def _noted(path: Path) -> tuple[str, ...]:
    try:
        return tuple(path.read_text("utf-8").splitlines())
    except FileNotFoundError:
        return ()


def _atom(text: str) -> str:
    return "".join(c if c.isascii() and (c.isalnum() or c in "-_.") else "." for c in text).strip(".")
