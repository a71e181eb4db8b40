"""When certificates end, read from their DER; works for those that nobody trusts, too."""

from __future__ import annotations

import ssl
from collections.abc import Iterable
from datetime import UTC, datetime

from probes.der import SEQUENCE, content, element

_DER = 2  # ENCODING_DER of the library below
_INTEGER, _UTC_TIME, _GENERALIZED_TIME, _VERSION = 0x02, 0x17, 0x18, 0xA0


def expiry_seconds(der: bytes) -> float | None:
    """Return the Unix time of a certificate's notAfter (RFC 5280 §4.1.2.5); None when it cannot be read."""
    try:
        return _not_after(der)
    except (ValueError, IndexError, OverflowError):
        return None


def _not_after(der: bytes) -> float:
    certificate = content(der, SEQUENCE)
    rest = content(certificate, SEQUENCE)
    if rest[0] == _VERSION:
        _tag, _value, rest = element(rest)
    for tag in (_INTEGER, SEQUENCE, SEQUENCE):  # serialNumber, signature, issuer
        found, _value, rest = element(rest)
        if found != tag:
            raise ValueError("not a certificate")
    _tag, _not_before, after = element(content(rest, SEQUENCE))
    tag, text, _rest = element(after)
    return _time(tag, text.decode("ascii"))


def _time(tag: int, text: str) -> float:
    if tag == _UTC_TIME:
        # RFC 5280 §4.1.2.5.1: years from 50 on are of the last century.
        text = ("19" if int(text[:2]) >= 50 else "20") + text
    elif tag != _GENERALIZED_TIME:
        raise ValueError("not a time")
    return datetime.strptime(text, "%Y%m%d%H%M%SZ").replace(tzinfo=UTC).timestamp()


def earliest_expiry_seconds(chain: Iterable[bytes]) -> float | None:
    """Return the Unix time at which the first certificate of a chain ends; None when none can be read."""
    return min((end for end in map(expiry_seconds, chain) if end is not None), default=None)


def presented_chain(tls: ssl.SSLObject) -> tuple[bytes, ...]:
    """Return the certificates that the far end showed (DER), its own first."""
    return _chain(tls, "get_unverified_chain")


def verified_chain(tls: ssl.SSLObject) -> tuple[bytes, ...]:
    """Return the certificates that lead to an authority we trust (DER); none where nobody verified."""
    return _chain(tls, "get_verified_chain") if tls.context.verify_mode else ()


def _chain(tls: ssl.SSLObject, method: str) -> tuple[bytes, ...]:
    """Ask the library: by its own method since Python 3.13, before by the object below it."""
    public = getattr(tls, method, None)
    if public is not None:
        return tuple(public() or ())
    below = getattr(getattr(tls, "_sslobj", None), method, None)
    found = (below() or ()) if below is not None else ()
    return tuple(certificate.public_bytes(_DER) for certificate in found)
