"""What an HTTP status means for the data, whatever the receiver."""

from __future__ import annotations

import re
from collections.abc import Mapping
from email.utils import parsedate_to_datetime

from netmon.errors import DeliveryError, Parked, RetryLater, TooLarge, Unreachable
from netmon.text import clean

_QUOTE = re.compile(r"""["'`{]""")


def by_status(status: int, said: str, headers: Mapping[str, str], advice: str = "") -> DeliveryError:
    """Return the verdict on data that were not taken; `said` are the receiver's words."""
    if status == 413:
        return TooLarge(said)
    if status in (502, 504):
        return Unreachable(said)  # by the proxy before it
    if status in (408, 425, 429) or status >= 500:
        return RetryLater(said, retry_after_seconds(headers))
    if 300 <= status < 400:
        place = clean(headers.get("Location", ""))
        return Parked(f"{said}; redirects are not followed ({place!r}): is `url` right?")
    return Parked(f"{said}{advice}")


def unquoted(words: str) -> str:
    """Return a receiver's words up to what they quote: labels of a device must not decide what they mean."""
    return _QUOTE.split(words, maxsplit=1)[0]


def retry_after_seconds(headers: Mapping[str, str]) -> float | None:
    """Return what Retry-After asks for (RFC 9110 §10.2.3); None when it says nothing usable.

    A date counts from the answer's own Date: the clock of this machine may be wrong by years.
    """
    text = headers.get("Retry-After", "").strip()
    if text.isascii() and text.isdigit():
        return float(text[:12])
    try:
        asked, now = parsedate_to_datetime(text), parsedate_to_datetime(headers.get("Date", ""))
        return max(0.0, (asked - now).total_seconds())
    except (TypeError, ValueError):
        return None
