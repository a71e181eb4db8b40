"""From passphrases to the keys of one engine (RFC 3414 section 2.6 and A.2, RFC 7860 section 9.3)."""

from __future__ import annotations

import hashlib
from typing import Final, NamedTuple

from collectors.snmp.usm_protocols import Auth, Extension, Privacy

_STRETCHED_OCTETS: Final = 1 << 20


class LocalKeys(NamedTuple):
    """The keys that one user has with one engine; empty where the level needs none."""

    auth: bytes = b""
    privacy: bytes = b""


def master_key(hash_name: str, passphrase: bytes) -> bytes:
    """Return the hash of the passphrase repeated over 1 MiB: some milliseconds, so never on the loop."""
    if not passphrase:
        raise ValueError("an empty passphrase")
    repeated = passphrase * (_STRETCHED_OCTETS // len(passphrase) + 1)
    return _hash(hash_name, repeated[:_STRETCHED_OCTETS])


def localised(hash_name: str, master: bytes, engine_id: bytes) -> bytes:
    """Return the key for one engine: an agent that gives it away gives away no other agent's."""
    return _hash(hash_name, master + engine_id + master)


def privacy_key(auth: Auth, privacy: Privacy, master: bytes, engine_id: bytes) -> bytes:
    """Return the key for the cipher, grown where the hash is too short; Reeder's way takes milliseconds."""
    key = localised(auth.hash_name, master, engine_id)
    while len(key) < privacy.key_octets:
        match privacy.extension:
            case Extension.BLUMENTHAL:
                key += _hash(auth.hash_name, key)
            case Extension.REEDER:
                key += localised(auth.hash_name, master_key(auth.hash_name, key), engine_id)
            case Extension.NONE:
                raise ValueError(f"{auth.hash_name} is too short for {privacy.cipher}")
    return key[: privacy.key_octets]


def slow_extension(auth: Auth, privacy: Privacy) -> bool:
    """Tell whether privacy_key() must stretch the key of each engine anew."""
    digest_octets = hashlib.new(auth.hash_name, usedforsecurity=False).digest_size
    return privacy.extension is Extension.REEDER and digest_octets < privacy.key_octets


def _hash(name: str, data: bytes) -> bytes:
    # SNMPv3 as agents speak it; MD5 and SHA-1 are used as HMAC and for stretching only.
    return hashlib.new(name, data, usedforsecurity=False).digest()
