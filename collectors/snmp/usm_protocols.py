"""SNMPv3's protocols by the names that the configuration uses, and what a credential may ask for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from enum import Enum, auto
from typing import Final, NamedTuple

from netmon import sdk

_LEAST_PASSPHRASE = 8  # RFC 3414 section 11.2


class Auth(NamedTuple):
    """An authentication protocol: its hash by hashlib's name, and how many octets of the HMAC travel."""

    hash_name: str
    mac_octets: int


class Extension(Enum):
    """How a localised key grows when its hash is shorter than the cipher's key."""

    NONE = auto()
    BLUMENTHAL = auto()
    """draft-blumenthal-aes-usm-04: hash the key again (net-snmp, most others)."""
    REEDER = auto()
    """draft-reeder-snmpv3-usm-3desede-00: the key is the next passphrase (Cisco and others)."""


class Privacy(NamedTuple):
    """A privacy protocol: its cipher, how many octets of the localised key it takes, and from where."""

    cipher: str
    key_octets: int
    extension: Extension = Extension.NONE


AUTHS: Final[Mapping[str, Auth]] = {
    "MD5": Auth("md5", 12),  # RFC 3414 section 6
    "SHA-1": Auth("sha1", 12),  # RFC 3414 section 7
    "SHA-224": Auth("sha224", 16),  # RFC 7860 section 4
    "SHA-256": Auth("sha256", 24),
    "SHA-384": Auth("sha384", 32),
    "SHA-512": Auth("sha512", 48),
}
PRIVACIES: Final[Mapping[str, Privacy]] = {
    "DES": Privacy("DES", 16),  # RFC 3414 section 8: key and pre-IV
    "AES-128": Privacy("AES", 16),  # RFC 3826
    "AES-192": Privacy("AES", 24, Extension.BLUMENTHAL),
    "AES-256": Privacy("AES", 32, Extension.BLUMENTHAL),
    "AES-192-Reeder": Privacy("AES", 24, Extension.REEDER),
    "AES-256-Reeder": Privacy("AES", 32, Extension.REEDER),
}
_WEAK: Final = {"none", "MD5", "DES"}


def check(credential: sdk.Credential) -> None:
    """Raise UsageError for a v3 credential that cannot be used, or may not without `allow_weak`."""
    if credential.version is not sdk.SnmpVersion.V3:
        return
    for problem in _problems(credential):
        raise sdk.UsageError(f"credential {credential.name}: {problem}")


def _problems(credential: sdk.Credential) -> Iterator[str]:
    if not 1 <= len(credential.user.encode()) <= 32:
        yield "an SNMPv3 user has 1 to 32 octets"
    if credential.privacy is not None and credential.auth is None:
        yield "privacy needs authentication (RFC 3414)"
    yield from _protocol("auth", credential.auth, AUTHS, credential.auth_secret)
    yield from _protocol("privacy", credential.privacy, PRIVACIES, credential.privacy_secret)
    for key, name in (("auth", credential.auth or "none"), ("privacy", credential.privacy or "none")):
        if name in _WEAK and not credential.allow_weak:
            yield f"{key} {name} is weak: choose a stronger one, or set allow_weak = true"


def _protocol(
    key: str, name: str | None, known: Mapping[str, object], secret: sdk.SecretStr
) -> Iterator[str]:
    if name is not None and name not in known:
        yield f"{key} {name!r} is not known; there are: {', '.join(known)}"
    size = len(secret.get_secret_value().encode())
    # Nothing at all is a configuration that is checked away from its secrets; agents will refuse it in words.
    if name is not None and 0 < size < _LEAST_PASSPHRASE:
        yield f"the {key} passphrase is shorter than {_LEAST_PASSPHRASE} octets"
