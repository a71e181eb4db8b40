"""Whose a certificate is and who says so, written as blackbox_exporter writes it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256

from netmon import sdk
from probes.der import SEQUENCE, content, element, elements

# In the order that they are written (RFC 2253 asks for the reverse of the certificate's usual one).
_TYPES = {
    b"\x55\x04\x05": "SERIALNUMBER",
    b"\x55\x04\x03": "CN",
    b"\x55\x04\x11": "POSTALCODE",
    b"\x55\x04\x09": "STREET",
    b"\x55\x04\x08": "ST",
    b"\x55\x04\x07": "L",
    b"\x55\x04\x0b": "OU",
    b"\x55\x04\x0a": "O",
    b"\x55\x04\x06": "C",
}
_SUBJECT_ALT_NAME = b"\x55\x1d\x11"
_OID, _OCTETS, _BMP_STRING, _VERSION, _EXTENSIONS, _DNS_NAME = 0x06, 0x04, 0x1E, 0xA0, 0xA3, 0x82
_LONGEST = 512


@dataclass(frozen=True, slots=True)
class CertificateNames:
    """The names in a certificate; the fingerprint is the SHA-256 of its DER in hex digits."""

    fingerprint: str
    subject: str
    issuer: str
    alternatives: str


def certificate_names(der: bytes) -> CertificateNames | None:
    """Return a certificate's names; None when it cannot be read."""
    try:
        fields = list(elements(content(content(der, SEQUENCE), SEQUENCE)))
        at = 1 if fields[0][0] == _VERSION else 0
        issuer, subject = (_name(fields[at + place][1]) for place in (2, 4))
        return CertificateNames(sha256(der).hexdigest(), subject, issuer, ",".join(_alternatives(fields)))
    except (ValueError, IndexError):
        return None


def _name(der: bytes) -> str:
    """Return a distinguished name (RFC 5280 §4.1.2.4): types that have a short name, each type once."""
    found: dict[str, list[str]] = {}
    for _set, attributes in elements(der):
        for _sequence, attribute in elements(attributes):
            _oid, kind, rest = element(attribute)
            tag, value, _rest = element(rest)
            if kind in _TYPES:
                found.setdefault(_TYPES[kind], []).append(_escaped(_text(tag, value)))
    ordered = ((name, found[name]) for name in _TYPES.values() if name in found)
    return ",".join("+".join(f"{name}={value}" for value in values) for name, values in ordered)


def _text(tag: int, value: bytes) -> str:
    if tag == _BMP_STRING:
        value = value.decode("utf-16-be", "replace").encode()
    return sdk.clean(value)[:_LONGEST]


def _escaped(text: str) -> str:
    """Escape what would end a value or begin another kind (RFC 2253 §2.4)."""
    escaped = "".join(f"\\{letter}" if letter in ',+"\\<>;' else letter for letter in text)
    return f"\\{escaped}" if escaped.startswith("#") else escaped


def _alternatives(fields: list[tuple[int, bytes]]) -> Iterator[str]:
    """Yield the DNS names among the subject's alternative names (RFC 5280 §4.2.1.6)."""
    for tag, value in fields:
        if tag != _EXTENSIONS:
            continue
        for _sequence, extension in elements(content(value, SEQUENCE)):
            parts = list(elements(extension))
            if parts[0] == (_OID, _SUBJECT_ALT_NAME) and parts[-1][0] == _OCTETS:
                names = elements(content(parts[-1][1], SEQUENCE))
                yield from (_text(tag, name) for tag, name in names if tag == _DNS_NAME)
