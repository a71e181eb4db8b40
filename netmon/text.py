"""The one place where text from the network is made harmless."""

from __future__ import annotations

import unicodedata

MAX_CHARACTERS = 255
_REPLACEMENT = "\ufffd"
# Bidirectional controls: they would let a device's name re-order the line of a log or a page.
_BIDI = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def clean(raw: bytes | str) -> str:
    """Return text that no encoder, page, log or terminal can be hurt by.

    UTF-8, else Latin-1; NFC; control, bidirectional, surrogate and unassigned characters become
    U+FFFD; white space at the ends goes; at most 255 characters. A trailing NUL is padding, not text.
    """
    text = _decode(raw.rstrip(b"\0")) if isinstance(raw, bytes) else raw
    text = text[: MAX_CHARACTERS * 4]
    if text.isascii() and text.isprintable():  # as nearly everything is: 0.5 us a character less
        return text.strip()[:MAX_CHARACTERS].rstrip()
    text = unicodedata.normalize("NFC", text)
    return "".join(_harmless(character) for character in text).strip()[:MAX_CHARACTERS].rstrip()


def _decode(raw: bytes) -> str:
    try:
        return raw[: MAX_CHARACTERS * 4].decode("utf-8")
    except UnicodeDecodeError:
        return raw[: MAX_CHARACTERS * 4].decode("latin-1")


def _harmless(character: str) -> str:
    if character in "\t\r\n":
        return " "
    category = unicodedata.category(character)
    bad = character in _BIDI or category in {"Cc", "Cs", "Cn", "Co", "Zl", "Zp"}
    return _REPLACEMENT if bad else character
