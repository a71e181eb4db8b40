"""The alphabet of text messages: 160 characters fit into one only if all are of GSM 03.38's basic set."""

from __future__ import annotations

import unicodedata

_BASIC = frozenset(
    "@£$¥èéùìòÇØøÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
# What has a plain brother; brackets and the like are of the extension table and count double.
_INSTEAD = str.maketrans(
    {"[": "(", "]": ")", "{": "(", "}": ")", "\\": "/", "|": "/", "^": "'", "~": "-", "€": "E", "`": "'",
     "–": "-", "—": "-", "‘": "'", "’": "'", "“": '"', "”": '"', "…": ".", "·": ".", "\n": " "}  # noqa: RUF001 - they are what is replaced
)  # fmt: skip


def plain(text: str) -> str:
    """Return text in the basic alphabet: accents go where they must, what is left is a question mark."""
    return "".join(_plain(character) for character in text.translate(_INSTEAD))


def _plain(character: str) -> str:
    if character in _BASIC:
        return character
    base = unicodedata.normalize("NFKD", character)[:1]
    return base if base in _BASIC else "?"


def cut(text: str, most: int) -> str:
    """Return text of at most so many characters; a dot shows where something is missing."""
    return text if len(text) <= most else text[: max(0, most - 1)].rstrip() + "."
